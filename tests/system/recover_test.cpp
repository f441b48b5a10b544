// `posthaste recover`: a damaged outbox is left alone, and what it still held is delivered by the daemon.

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/process.hpp"
#include "tests/system/support/raw_socket.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t page_size = 4096;
constexpr int many = 60;

finished recover(const std::string& from, const std::string& to, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {posthaste_binary(), "recover", "--from", from, "--to", to});
    return run_to_end({std::move(more), {}, {}, {}});
}

// Body number n, two of them on a page.
std::string body_of(int n) {
    return sample_event("user-" + std::to_string(n % 3), "#" + std::to_string(n) + " " + std::string(1500, 'x'));
}

void overwrite(const std::string& path, std::size_t at, const std::string& bytes) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
}

// An outbox full of events that no upstream took; the daemon has stopped.
struct full_outbox {
    daemon_under_test daemon;
    std::string path = daemon.outbox_path();
    std::string recovered = daemon.folder() / "recovered.db";

    full_outbox() {
        daemon.start();
        for (int n = 0; n < many; ++n) {
            EXPECT_EQ(http_call(daemon.port(), "POST", "/run/event",
                                {{"Content-Type", "application/json"}, {"Idempotency-Key", "key-" + std::to_string(n)}},
                                body_of(n))
                          ->status,
                      202);
        }
        EXPECT_EQ(daemon.stop(), 0);
    }

    // The page that holds the beginning of body number n.
    [[nodiscard]] std::size_t page_of(int n) const {
        return read_whole_file(path).find("\"#" + std::to_string(n) + " ") / page_size;
    }
    void destroy_page_of(int n) const { overwrite(path, page_of(n) * page_size, std::string(page_size, '\0')); }
};

std::string content_of(const std::string& path) {
    return std::filesystem::exists(path) ? read_whole_file(path) : "not there";
}

TEST(recover_command, saves_what_a_damaged_outbox_holds_and_the_daemon_delivers_it) {
    full_outbox damaged;
    damaged.destroy_page_of(20);
    damaged.destroy_page_of(40);
    damaged.daemon.folder().write("outbox.db.damaged", "found damaged\n");
    std::map<std::string, std::string> before;
    for (const char* suffix : {"", "-wal", ".damaged"}) {
        before[suffix] = content_of(damaged.path + suffix);
    }
    const auto ended = recover(damaged.path, damaged.recovered);
    ASSERT_EQ(ended.status, 0) << ended.error;
    for (const auto& [suffix, content] : before) {
        EXPECT_EQ(content_of(damaged.path + suffix), content) << suffix;
    }
    EXPECT_THAT(ended.output, HasSubstr("\nUnreadable: pending events with the numbers "));
    EXPECT_THAT(ended.output, HasSubstr("\nDropped: "));
    EXPECT_THAT(ended.output, HasSubstr(" idempotency keys of events that are lost, or may be: "));
    EXPECT_THAT(ended.output, HasSubstr(" dead events are missing.\n"));
    EXPECT_THAT(ended.output, Not(HasSubstr("No event that it held is missing")));

    // What it says is to be done next, done.
    const auto next = ended.output.find("\n  mv ");
    const auto commands = ended.output.substr(next, ended.output.rfind("\nand start posthaste") - next);
    EXPECT_THAT(commands, HasSubstr("  rm " + damaged.path + ".damaged\n"));
    EXPECT_EQ(run_to_end({{"/bin/sh", "-ec", commands}, {}, {}, {}}).status, 0) << commands;
    upstream_process upstream;
    upstream.start();
    damaged.daemon.configure({{"upstream", {{"url", upstream.url()}}}});
    damaged.daemon.start();
    ASSERT_TRUE(damaged.daemon.wait_until_drained()) << damaged.daemon.status();
    std::set<std::string> whole;
    for (int n = 0; n < many; ++n) {
        whole.insert(body_of(n));
    }
    std::set<std::string> seen;
    for (const auto& request : upstream.requests()) {
        EXPECT_TRUE(whole.contains(request.body)) << request.body;
        seen.insert(request.body);
    }
    EXPECT_GE(seen.size(), many - 8U);
    EXPECT_LT(seen.size(), static_cast<std::size_t>(many));
    EXPECT_THAT(ended.output, HasSubstr("Recovered " + std::to_string(seen.size()) + " pending events, 0 dead"));
    EXPECT_NE(damaged.daemon.post(body_of(1)), "");
    EXPECT_EQ(damaged.daemon.stop(), 0);
}

TEST(recover_command, saves_what_a_killed_daemon_left_in_its_log) {
    daemon_under_test daemon;
    daemon.start();
    ASSERT_EQ(http_call(daemon.port(), "POST", "/v1/pause")->status, 200);
    const auto id = daemon.post(sample_event());
    daemon.kill9();
    const auto recovered = daemon.folder() / "recovered.db";
    const auto ended = recover(daemon.outbox_path(), recovered, {"--json"});
    ASSERT_EQ(ended.status, 0) << ended.error;
    const auto report = nlohmann::json::parse(ended.output);
    EXPECT_EQ(report["complete"], true);
    EXPECT_EQ(report["pending"]["recovered"], 1);
    EXPECT_EQ(report["pending"]["unreadable"], nlohmann::json::array());
    EXPECT_EQ(report["idempotencyKeysDropped"], 0);
    EXPECT_EQ(report["writeAheadLog"], "used");
    EXPECT_EQ(report["firstPageDamaged"], false);
    EXPECT_EQ(report["paused"], true);
    daemon.configure({{"queue", {{"path", recovered}}}});
    daemon.start();
    EXPECT_EQ(daemon.event(id).value("state", ""), "pending");
    EXPECT_EQ(daemon.status().at("upstream").at("state"), "paused");
}

TEST(recover_command, refuses_an_outbox_in_use_and_a_place_that_is_taken) {
    daemon_under_test daemon;
    daemon.start();
    const auto locked = recover(daemon.outbox_path(), daemon.folder() / "recovered.db");
    EXPECT_EQ(locked.status, 75);
    EXPECT_THAT(locked.error, HasSubstr("in use by process " + std::to_string(daemon.running().id())));
    EXPECT_FALSE(std::filesystem::exists(daemon.folder() / "recovered.db"));
    const auto taken = recover(daemon.outbox_path(), daemon.configuration_path());
    EXPECT_EQ(taken.status, 2);
    EXPECT_THAT(taken.error, HasSubstr(daemon.configuration_path() + " is there already and is left alone"));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST(recover_command, loses_nothing_by_a_damaged_first_page) {
    full_outbox damaged;
    const auto whole = read_whole_file(damaged.path);
    const std::map<std::string, std::pair<std::size_t, std::string>> damages{
        {"the magic", {0, "X"}},
        {"the page size", {16, std::string("\x7f\x7f")}},
        {"the versions of the format", {18, std::string("\x07\x07")}},
        {"the head", {0, std::string(100, '\0')}},
        {"the whole page", {0, std::string(page_size, '\0')}},
    };
    for (const auto& [what, damage] : damages) {
        SCOPED_TRACE(what);
        std::filesystem::remove(damaged.recovered);
        overwrite(damaged.path, 0, whole.substr(0, page_size));
        overwrite(damaged.path, damage.first, damage.second);
        const auto before = read_whole_file(damaged.path);
        const auto ended = recover(damaged.path, damaged.recovered);
        EXPECT_EQ(ended.status, 0) << ended.error;
        EXPECT_THAT(ended.output, HasSubstr("Recovered " + std::to_string(many) + " pending events, 0 dead"));
        EXPECT_THAT(ended.output, HasSubstr("\nIts first page is damaged. "));
        EXPECT_THAT(ended.output, HasSubstr("\nNo event that it held is missing.\n"));
        EXPECT_EQ(read_whole_file(damaged.path), before);
    }
    upstream_process upstream;
    upstream.start();
    damaged.daemon.configure({{"upstream", {{"url", upstream.url()}}}, {"queue", {{"path", damaged.recovered}}}});
    damaged.daemon.start();
    ASSERT_TRUE(damaged.daemon.wait_until_drained()) << damaged.daemon.status();
    std::set<std::string> seen;
    for (const auto& request : upstream.requests()) {
        seen.insert(request.body);
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(many));
    EXPECT_EQ(damaged.daemon.stop(), 0);
}

TEST(recover_command, says_where_nothing_is_left) {
    const temp_folder folder;
    const auto outbox = folder.write("outbox.db", std::string(8 * page_size, 'x'));
    const auto ended = recover(outbox, folder / "recovered.db");
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.error, HasSubstr("posthaste recover: nothing can be recovered from " + outbox));
    EXPECT_FALSE(std::filesystem::exists(folder / "recovered.db"));
}

TEST(recover_command, goes_on_where_the_disk_cannot_read_a_place) {
    if (sanitized) GTEST_SKIP() << "strace and sanitizers do not go together: a disk's read error is not tried";
    if (run_to_end({{"/usr/bin/strace", "-o", "/dev/null", "/bin/true"}, {}, {}, {}}).status != 0)
        GTEST_SKIP() << "strace is not installed, or may not trace here: a disk's read error is not tried";
    full_outbox damaged;
    // The whole file fails at once, then page by page, of which one fails.
    const auto page = damaged.page_of(30) + 1;
    const auto traced =
        run_to_end({{"/usr/bin/strace", "-f", "-o", damaged.daemon.folder() / "trace", "-P", damaged.path, "-e",
                     "inject=pread64:error=EIO:when=1.." + std::to_string(page + 1) + "+" + std::to_string(page),
                     posthaste_binary(), "recover", "--from", damaged.path, "--to", damaged.recovered},
                    {},
                    {},
                    {}});
    ASSERT_EQ(traced.status, 0) << traced.error;
    EXPECT_THAT(traced.output, HasSubstr("\nThe disk gave errors for 4096 bytes: replace it.\n"));
    EXPECT_THAT(traced.output, HasSubstr("\nUnreadable: pending events with the numbers "));
}

TEST(recover_command, is_named_where_an_outbox_is_found_damaged) {
    daemon_under_test daemon;
    daemon.folder().write("outbox.db", std::string(page_size, 'x'));
    const auto ended = run_to_end({{posthaste_binary(), "run", "--config", daemon.configuration_path()},
                                   {{"POSTHASTE_API_KEY", daemon_under_test::api_key}},
                                   {},
                                   {}});
    EXPECT_EQ(ended.status, 65);
    EXPECT_THAT(ended.error, HasSubstr("  posthaste recover --from " + daemon.outbox_path() + " --to " +
                                       daemon.outbox_path() + ".recovered  "));
}

}  // namespace
}  // namespace posthaste
