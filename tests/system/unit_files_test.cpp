// The units of systemd: systemd itself has nothing to say against them, and the daemon can live under what they forbid.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/mounts.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

const std::string units = POSTHASTE_SOURCE_DIR "/systemd/";

std::string no_systemd() {
    return find_tool("systemd-analyze").empty() ? "systemd is not installed (Debian: apt-get install systemd)" : "";
}

// With the binary and its manual pages where they would be found when they are installed.
finished analyze(const std::string& what) {
    const std::string script = "mount -t tmpfs bin /usr/local/bin && ln -s " + posthaste_binary() +
                               " /usr/local/bin/posthaste && systemd-analyze --no-pager " + what;
    return run_to_end(
        {{"/usr/bin/unshare", "--mount", "/bin/sh", "-c", script}, {{"MANPATH", POSTHASTE_MAN_FOLDER}}, {}, {}});
}

TEST(unit_files, leave_systemd_nothing_to_say) {
    if (const auto why = no_systemd(); !why.empty()) GTEST_SKIP() << why;
    if (find_tool("man").empty()) GTEST_SKIP() << "man is not installed (Debian: apt-get install man-db)";
    if (geteuid() != 0) GTEST_SKIP() << "only root may mount what systemd-analyze looks for";
    const auto verified = analyze("verify " + units + "posthaste.service " + units + "posthaste.socket");
    EXPECT_EQ(verified.status, 0);
    EXPECT_EQ(verified.output + verified.error, "");
}

TEST(unit_files, leave_the_service_little_to_do_harm_with) {
    if (const auto why = no_systemd(); !why.empty()) GTEST_SKIP() << why;
    const auto judged = run_to_end({{find_tool("systemd-analyze"), "--no-pager", "security", "--offline=yes",
                                     "--threshold=12", units + "posthaste.service"},
                                    {},
                                    {},
                                    {}});
    EXPECT_EQ(judged.status, 0) << judged.output;
    EXPECT_THAT(judged.output, HasSubstr("Overall exposure level for posthaste.service: "));
}

struct confined : testing::Test {
    void SetUp() override {
        if (const auto why = no_systemd(); !why.empty()) GTEST_SKIP() << why;
        if (sanitized) GTEST_SKIP() << "sanitizers ask for more than the daemon does";
        if (geteuid() != 0) GTEST_SKIP() << "only root may give up so much";
        std::filesystem::create_directory(state);
        const auto tried = run({"/bin/true"});
        if (tried.status != 0) GTEST_SKIP() << "this machine cannot confine: " << tried.error;
    }
    std::vector<std::string> wrapper() const { return {CONFINED_BINARY, units + "posthaste.service", state}; }
    finished run(std::vector<std::string> command) const {
        auto whole = wrapper();
        whole.insert(whole.end(), command.begin(), command.end());
        return run_to_end({whole, {}, {}, {}});
    }
    // The daemon is another user there.
    void let_in() {
        using enum std::filesystem::perms;
        std::filesystem::permissions(daemon.folder().path(), owner_all | group_exec | others_exec);
        std::filesystem::permissions(daemon.configuration_path(), owner_all | others_read);
    }

    upstream_process upstream;
    daemon_under_test daemon{upstream.url()};
    const std::string state = daemon.folder() / "state";
};

TEST_F(confined, is_really_confined) {
    let_in();
    EXPECT_THAT(run({"/usr/bin/touch", "/etc/posthaste-was-here"}).error, HasSubstr("Read-only file system"));
    EXPECT_EQ(run({"/usr/bin/touch", state + "/file"}).status, 0);
    EXPECT_THAT(run({"/usr/bin/unshare", "--user", "/bin/true"}).error, HasSubstr("Operation not permitted"));
    EXPECT_NE(run({"/usr/bin/nice", "-n", "-5", "/bin/true"}).error, "");
    EXPECT_EQ(run({"/usr/bin/id", "-u"}).output, "65534\n");
    EXPECT_EQ(run({"/bin/ls", "/dev"}).output, "full\nnull\nrandom\nurandom\nzero\n");
}

TEST_F(confined, finds_no_file_of_anybody_else_and_leaves_none) {
    let_in();
    const temp_folder elsewhere;
    EXPECT_EQ(run({"/bin/ls", "/tmp"}).output, daemon.folder().path().filename().string() + "\n");
    EXPECT_EQ(run({"/usr/bin/touch", "/tmp/posthaste-was-here", "/var/tmp/posthaste-was-here"}).status, 0);
    EXPECT_FALSE(std::filesystem::exists("/tmp/posthaste-was-here"));
    EXPECT_FALSE(std::filesystem::exists("/var/tmp/posthaste-was-here"));
    EXPECT_EQ(run({"/bin/ls", "-A", "/root", "/home"}).output, "/home:\n\n/root:\n");
}

TEST_F(confined, knows_nobody_but_root_and_itself) {
    let_in();
    EXPECT_THAT(run({"/bin/cat", "/proc/self/uid_map"}).output, MatchesRegex(" *0 +0 +1\n *65534 +65534 +1\n"));
    const auto file = daemon.folder().write("another's", "");
    ASSERT_EQ(::chown(file.c_str(), 12345, 12345), 0);
    EXPECT_EQ(run({"/usr/bin/stat", "--format=%u %g", file}).output, "65534 65534\n");
}

TEST_F(confined, does_its_whole_job) {
    upstream.start();
    daemon.configure({{"queue", {{"path", state + "/outbox.db"}}},
                      {"listen", {{"addresses", {"127.0.0.1:0", "unix:" + state + "/posthaste.sock"}}}},
                      {"upstream", {{"url", "http://localhost:" + std::to_string(upstream.port())}}}});
    let_in();
    daemon.run_under(wrapper());
    daemon.start();
    EXPECT_NE(daemon.post(sample_event()), "");
    EXPECT_TRUE(daemon.wait_until_drained()) << daemon.log();
    raw_socket over_unix(0, state + "/posthaste.sock");
    over_unix.send("GET /readyz HTTP/1.1\r\nHost: anything\r\n\r\n");
    EXPECT_EQ(over_unix.read_answer()->status, 200);
    EXPECT_EQ(http_call(daemon.port(), "GET", "/users/ada")->status, 200);

    daemon.configure({{"limits", {{"body", "2MiB"}}}});
    let_in();
    daemon.running().signal(SIGHUP);
    EXPECT_TRUE(daemon.running().wait_for_output("configuration reloaded: limits.body changed")) << daemon.log();
    daemon.restart();
    EXPECT_NE(daemon.post(sample_event()), "");
    EXPECT_TRUE(daemon.wait_until_drained()) << daemon.log();
    daemon.kill9();
    daemon.start();
    EXPECT_EQ(daemon.status()["totals"]["delivered"], 2);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(upstream.requests().size(), 3U);
}

}  // namespace
}  // namespace posthaste
