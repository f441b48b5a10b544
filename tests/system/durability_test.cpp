// `posthaste check --durability`: on a disk, in memory, and beside a daemon that it must leave alone.

#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/process.hpp"

namespace posthaste {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

bool is_in_memory(const std::string& folder) {
    struct statfs facts{};
    return ::statfs(folder.c_str(), &facts) == 0 && (facts.f_type == TMPFS_MAGIC || facts.f_type == RAMFS_MAGIC);
}

finished check_durability(const std::string& configuration, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command{posthaste_binary(), "check", "--durability", "--config", configuration};
    command.insert(command.end(), more.begin(), more.end());
    return run_to_end({std::move(command), {{"POSTHASTE_API_KEY", "key"}}, {}, {}});
}

std::string configuration(const temp_folder& folder) {
    const nlohmann::json content = {{"queue", {{"path", folder / "outbox.db"}, {"disk_reserve", "1MiB"}}},
                                    {"upstream", {{"url", "http://127.0.0.1:9"}}}};
    return folder.write("posthaste.json", content.dump());
}

std::set<std::string> names_in(const std::string& folder) {
    std::set<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        names.insert(file.path().filename());
    }
    return names;
}

TEST(check_durability_command, finds_nothing_lost_on_a_disk_and_leaves_nothing_behind) {
    const temp_folder folder;
    if (is_in_memory(folder / "")) GTEST_SKIP() << "the tests' folders are in memory here: set TMPDIR to a disk's";
    const auto ended = check_durability(configuration(folder));
    EXPECT_EQ(ended.status, 0) << ended.output << ended.error;
    EXPECT_EQ(ended.error, "");
    EXPECT_THAT(ended.output, ContainsRegex("\nok    file system: [^\n]+ is on [a-z0-9]+\n"));
    EXPECT_THAT(ended.output,
                ContainsRegex("\nok    sync: 4 KiB are on the disk after [0-9.]+ ms \\(p50\\), [0-9.]+ ms "
                              "\\(p99\\) where a file grows, [0-9.]+ ms"));
    EXPECT_THAT(ended.output, ContainsRegex("\nok    kills: a daemon of its own was killed with SIGKILL in mid-load 10 "
                                            "times: [0-9]+ events acknowledged, [0-9]+ found, 0 lost\n"));
    EXPECT_THAT(ended.output, HasSubstr("\nok    power cut: not tried"));
    EXPECT_EQ(names_in(folder / ""), std::set<std::string>{"posthaste.json"});
}

TEST(check_durability_command, leaves_a_running_daemon_and_its_outbox_alone) {
    daemon_under_test daemon;
    if (is_in_memory(daemon.folder() / "")) GTEST_SKIP() << "the tests' folders are in memory here: set TMPDIR";
    daemon.start();
    ASSERT_NE(daemon.post(sample_event()), "");
    const auto ended = check_durability(daemon.configuration_path(), {"--json"});
    ASSERT_EQ(ended.status, 0) << ended.output << ended.error;
    const auto report = nlohmann::json::parse(ended.output);
    const auto& steps = report["steps"];
    ASSERT_EQ(steps.size(), 7U);
    EXPECT_THAT(steps[2]["detail"], HasSubstr("in use by the running daemon"));
    EXPECT_EQ(steps[3]["name"], "file system");
    EXPECT_GT(steps[4]["append"]["p50Ms"], 0);
    EXPECT_GE(steps[4]["overwrite"]["p99Ms"], steps[4]["overwrite"]["p50Ms"]);
    EXPECT_EQ(steps[5]["kills"], 10);
    EXPECT_GE(steps[5]["acknowledged"], 500);
    EXPECT_EQ(steps[5]["found"], steps[5]["acknowledged"]);
    EXPECT_EQ(steps[5]["lost"], 0);
    EXPECT_EQ(daemon.status()["totals"]["accepted"], 1);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST(check_durability_command, says_what_the_weaker_durability_risks) {
    const temp_folder folder;
    if (is_in_memory(folder / "")) GTEST_SKIP() << "the tests' folders are in memory here: set TMPDIR to a disk's";
    const auto ended = check_durability(configuration(folder), {"--set", "queue.durability=process"});
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_THAT(ended.output, HasSubstr(" found, 0 lost\nwarn  power cut: queue.durability is \"process\": "));
}

TEST(check_durability_command, refuses_a_folder_in_memory) {
    std::string folder = "/dev/shm/posthaste-test-XXXXXX";
    if (!is_in_memory("/dev/shm") || mkdtemp(folder.data()) == nullptr)
        GTEST_SKIP() << "/dev/shm is no tmpfs that can be written to: the refusal of memory is not tried";
    const temp_folder elsewhere;
    const auto ended = check_durability(configuration(elsewhere), {"--set", "queue.path=" + folder + "/outbox.db"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.output, HasSubstr("\nFAIL  file system: " + folder + " is on tmpfs, which is memory: "));
    EXPECT_THAT(ended.output, Not(HasSubstr(" kills: ")));
    EXPECT_EQ(names_in(folder), std::set<std::string>{});
    std::filesystem::remove_all(folder);
}

TEST(check_durability_command, says_that_it_cannot_write_there) {
    const temp_folder folder;
    const auto file = folder.write("file", "");
    const auto ended = check_durability(configuration(folder), {"--set", "queue.path=" + file + "/outbox.db"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.output, HasSubstr("\nFAIL  sync: cannot make the working folder " + file + "/.posthaste-check-"));
}

TEST(check_durability_command, clears_up_when_it_is_interrupted) {
    if (sanitized) GTEST_SKIP() << "strace and sanitizers do not go together: an interruption is not tried";
    const temp_folder folder;
    if (is_in_memory(folder / "")) GTEST_SKIP() << "the tests' folders are in memory here: set TMPDIR to a disk's";
    if (run_to_end({{"/usr/bin/strace", "-o", "/dev/null", "/bin/true"}, {}, {}, {}}).status != 0)
        GTEST_SKIP() << "strace is not installed, or may not trace here: an interruption is not tried";
    // A disk so slow that the signal comes in time: to the command, not to strace, which passes none on.
    const auto pid_file = folder / "pid";
    process slow({{"/usr/bin/strace", "-f", "-o", "/dev/null", "-e", "inject=fdatasync:delay_enter=100000", "/bin/sh",
                   "-c", "echo $$ >\"$0\"; exec \"$@\"", pid_file, posthaste_binary(), "check", "--durability",
                   "--config", configuration(folder)},
                  {{"POSTHASTE_API_KEY", "key"}},
                  {},
                  {}});
    ASSERT_TRUE(wait_until([&] { return names_in(folder / "").size() == 3; }));
    ASSERT_EQ(::kill(std::stoi(read_whole_file(pid_file)), SIGINT), 0);
    EXPECT_EQ(slow.wait(), 1) << slow.output();
    EXPECT_EQ(names_in(folder / ""), (std::set<std::string>{"pid", "posthaste.json"}));
}

}  // namespace
}  // namespace posthaste
