// An upstream whose name has several addresses, or moves to another one. The daemon sees an /etc/hosts of its own.

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

namespace {

constexpr const char* name = "several.posthaste.test";

class upstream_names : public testing::Test {
  protected:
    void SetUp() override {
        names("127.0.0.1");
        const auto tried = run_to_end({with_hosts_file({"/bin/true"}), {}, {}, {}});
        if (tried.status != 0)
            GTEST_SKIP()
                << "NOT TESTED with a name of several addresses: it takes root to mount a file over /etc/hosts: "
                << tried.error;
        upstream.start();
    }

    // The command, where /etc/hosts is ours.
    [[nodiscard]] std::vector<std::string> with_hosts_file(const std::vector<std::string>& command) const {
        std::vector<std::string> whole = {
            "/usr/bin/unshare", "--mount", "/bin/sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"",
            folder / "hosts"};
        whole.insert(whole.end(), command.begin(), command.end());
        return whole;
    }

    // Gives the name its addresses, in the file that is mounted.
    void names(const std::string& addresses) const {
        std::ofstream hosts(folder / "hosts");
        std::istringstream list(addresses);
        for (std::string address; list >> address;)
            hosts << address << " " << name << "\n";
    }

    [[nodiscard]] std::unique_ptr<daemon_under_test> started_daemon() const {
        auto daemon =
            std::make_unique<daemon_under_test>("http://" + std::string(name) + ":" + std::to_string(upstream.port()),
                                                nlohmann::json{{"upstream", {{"allow_plain_http", true}}}});
        daemon->run_under(with_hosts_file({}));
        daemon->start();
        return daemon;
    }

    temp_folder folder;
    upstream_process upstream;  // on 127.0.0.1 only
};

}  // namespace

TEST_F(upstream_names, of_several_addresses_are_tried_in_turn) {
    names("::1 127.0.0.3 127.0.0.1 127.0.0.2");
    const auto daemon = started_daemon();
    const std::string id = daemon->post(sample_event());
    ASSERT_TRUE(daemon->wait_for_state(id, "delivered")) << daemon->event(id) << daemon->log();
    EXPECT_EQ(daemon->event(id).at("attempts"), 1);
}

TEST_F(upstream_names, that_moved_are_asked_for_anew_after_a_failure) {
    names("127.0.0.3");
    const auto daemon = started_daemon();
    const std::string id = daemon->post(sample_event());
    ASSERT_TRUE(wait_until([&] { return daemon->event(id).at("attempts") >= 2; })) << daemon->log();
    names("127.0.0.1");
    const int before = daemon->event(id).at("attempts");
    ASSERT_TRUE(daemon->wait_for_state(id, "delivered")) << daemon->event(id) << daemon->log();
    EXPECT_LE(daemon->event(id).at("attempts"), before + 2) << "one may have been under way";
}

TEST_F(upstream_names, that_do_not_exist_are_named_and_asked_for_again) {
    names("");
    const auto daemon = started_daemon();
    const std::string id = daemon->post(sample_event());
    EXPECT_TRUE(daemon->running().wait_for_output("cannot find the address of " + std::string(name))) << daemon->log();
    names("127.0.0.1");
    ASSERT_TRUE(daemon->wait_for_state(id, "delivered")) << daemon->event(id) << daemon->log();
}

}  // namespace posthaste
