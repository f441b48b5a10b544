// Standard input, output and error: what becomes of a command where one of them is full, left or missing.

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/process.hpp"

namespace posthaste {
namespace {

// Runs posthaste with its streams changed by the shell.
finished posthaste_with(const std::string& streams, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"/bin/sh", "-c", "exec \"$0\" \"$@\" " + streams, posthaste_binary()});
    return run_to_end({std::move(arguments), {{"POSTHASTE_API_KEY", "key"}}, {}, {}});
}

constexpr auto not_written = "posthaste: the result could not be written to standard output\n";

TEST(standard_streams, are_told_of_where_a_result_cannot_be_written) {
    const daemon_under_test daemon;
    for (const std::string streams : {">/dev/full", ">&-"}) {
        const auto checked = posthaste_with(streams, {"check", "--config", daemon.configuration_path()});
        EXPECT_EQ(checked.status, 74) << streams;
        EXPECT_EQ(checked.error, not_written) << streams;
        EXPECT_EQ(posthaste_with(streams, {"--help"}).status, 74) << streams;
    }
}

TEST(standard_streams, end_a_command_without_a_word_where_their_reader_left) {
    daemon_under_test daemon;
    daemon.start();
    daemon.post(sample_event());
    const auto pipe = daemon.folder() / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--help"},
                                                      {"check", "--config", daemon.configuration_path()},
                                                      {"events", "--server", daemon.url()},
                                                      {"export", "--server", daemon.url()},
                                                      {"status", "--watch", "--json", "--server", daemon.url()}}) {
        const auto ended = posthaste_with("3<>" + pipe + " >" + pipe + " 3>&-", arguments);
        EXPECT_EQ(ended.status, -SIGPIPE) << arguments[0];
        EXPECT_EQ(ended.error, "") << arguments[0];
    }
}

// Else the log is written into the event loop's own descriptor.
TEST(standard_streams, that_are_missing_get_a_place_of_their_own) {
    daemon_under_test daemon;
    daemon.configure({{"listen", {{"addresses", {"unix:" + (daemon.folder() / "socket")}}}}});
    process started({{"/bin/sh", "-c", "exec \"$0\" run --config \"$1\" <&- >&- 2>&-", posthaste_binary(),
                      daemon.configuration_path()},
                     {{"POSTHASTE_API_KEY", "key"}},
                     {},
                     {}});
    ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(daemon.folder() / "socket"); }));
    for (const std::string stream : {"0", "1", "2"}) {
        const auto place = "/proc/" + std::to_string(started.id()) + "/fd/" + stream;
        EXPECT_EQ(std::filesystem::read_symlink(place), "/dev/null");
    }
    started.signal(SIGTERM);
    EXPECT_EQ(started.wait(), 0);
}

}  // namespace
}  // namespace posthaste
