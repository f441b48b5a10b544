// `posthaste export` where it goes wrong: what stands in the file's place afterwards is a whole export or nothing.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/process.hpp"
#include "tests/system/support/small_disk.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::uint64_t MiB = 1024 * 1024;

finished exported_from(const std::string& server, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {posthaste_binary(), "export", "--server", server};
    command.insert(command.end(), more.begin(), more.end());
    return run_to_end({std::move(command), {}, {}, {}});
}

std::string with_type(const std::string& type, const std::string& body) {
    return "HTTP/1.1 200 OK\r\n" + (type.empty() ? "" : "Content-Type: " + type + "\r\n") +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(export_command, writes_nothing_of_what_another_program_answers) {
    upstream_process other;
    other.start();
    const temp_folder folder;
    const std::string file = folder / "queue.ndjson";
    const std::string advice =
        "): is it another program? Nothing was written: name posthaste's address with --server\n";
    for (const auto& [type, shown] : {std::pair<std::string, std::string>{"text/html", "\"text/html\""},
                                      {"application/json", "\"application/json\""},
                                      {"text/x\u202e-y", "\"text/x\\u202e-y\""},
                                      {"application/x-ndjsonish", "\"application/x-ndjsonish\""},
                                      {"", "none"}}) {
        other.answer_with({says(with_type(type, "{\"message\": \"hello\"}\n"))});
        for (const auto& out : {std::vector<std::string>{}, {"--out", file}}) {
            const auto ended = exported_from(other.url(), out);
            EXPECT_EQ(ended.status, 1) << type;
            EXPECT_EQ(ended.output, "") << type;
            EXPECT_EQ(ended.error, "posthaste export: the answer of " + other.url() +
                                       " is not posthaste's (its Content-Type is " + shown + advice);
            EXPECT_FALSE(std::filesystem::exists(file)) << type;
        }
    }
    // Whatever stands between us and the daemon may write it in its own way.
    other.answer_with({says(with_type("Application/X-NDJSON ; charset=utf-8", "{\"id\": 1}\n"))});
    const auto ended = exported_from(other.url());
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, "{\"id\": 1}\n");
}

TEST(export_command, leaves_no_file_of_what_broke_off) {
    upstream_process other;
    other.start();
    const temp_folder folder;
    const std::string file = folder / "queue.ndjson";
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n";
    const std::string line = "{\"id\": 1}\n";
    for (const auto& answer :
         {head + "Content-Length: 100\r\n\r\n" + line, with_type("application/x-ndjson", line + "{\"id\"")}) {
        other.answer_with({says(answer, true)});
        const auto ended = exported_from(other.url());
        EXPECT_EQ(ended.status, 1);
        EXPECT_THAT(ended.error, StartsWith("posthaste export: the answer broke off"));
        EXPECT_EQ(ended.error.ends_with("; 1 line was written, and more are missing\n"), !ended.output.empty());
        const auto to_file = exported_from(other.url(), {"--out", file});
        EXPECT_EQ(to_file.status, 1);
        EXPECT_THAT(to_file.error,
                    AllOf(StartsWith("posthaste export: the answer broke off"),
                          EndsWith("; " + file + " was removed, as it held only a part: run it again\n")));
        EXPECT_FALSE(std::filesystem::exists(file));
    }
    other.answer_with({says(head + "\r\n" + line, true)});
    const auto endless = exported_from(other.url(), {"--out", file});
    EXPECT_EQ(endless.status, 1);
    EXPECT_THAT(endless.error, HasSubstr(" does not tell where it ends, "));
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(export_command, leaves_no_file_where_the_disk_is_full) {
    const small_disk disk(small_disk::kind::tmpfs, 16 * MiB);
    if (!disk.trouble().empty()) GTEST_SKIP() << "NOT TESTED what a full disk leads to: " << disk.trouble();
    daemon_under_test daemon;
    daemon.start();
    for (int number = 0; number < 12; ++number)
        daemon.post(sample_event("u", std::string(500'000, 'x')));
    const std::string file = disk.folder() + "/queue.ndjson";
    for (const std::uint64_t left : {0 * MiB, 2 * MiB}) {
        disk.fill(left);
        const auto ended = exported_from(daemon.url(), {"--out", file});
        EXPECT_EQ(ended.status, 74) << ended.error;
        EXPECT_EQ(ended.error, "posthaste export: " + file +
                                   " could not be written: No space left on device; it was removed, as it held only a "
                                   "part: make room there, or name with --out a file on another disk, and run it "
                                   "again\n");
        EXPECT_FALSE(std::filesystem::exists(file));
        disk.empty();
    }
    const auto again = exported_from(daemon.url(), {"--out", file});
    EXPECT_EQ(again.status, 0) << again.error;
    EXPECT_EQ(again.error, "exported 12 events\n");
}

TEST(export_command, says_that_what_stands_on_standard_output_is_only_a_part) {
    daemon_under_test daemon;
    daemon.start();
    daemon.post(sample_event());
    const auto ended = run_to_end(
        {{"/bin/sh", "-c", "exec \"$0\" export --server \"$1\" >/dev/full", posthaste_binary(), daemon.url()},
         {},
         {},
         {}});
    EXPECT_EQ(ended.status, 74);
    EXPECT_EQ(
        ended.error,
        "posthaste export: standard output could not be written: No space left on device; what it holds is only a "
        "part: make room there, and run it again\n");
}

}  // namespace
}  // namespace posthaste
