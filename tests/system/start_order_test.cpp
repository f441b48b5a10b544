// Before the outbox is opened, its files are synced and what the cache holds of them is let go, so that what is read is
// what the disk holds (rule 10 of the outbox): seen in the daemon's own system calls.

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/fault_injection.hpp"
#include "tests/system/support/system_calls.hpp"

namespace posthaste {

namespace {

using trace = std::vector<system_call>;

trace::const_iterator first(const trace& calls, const std::string& name, const std::string& file) {
    return std::find_if(calls.begin(), calls.end(), [&](const system_call& call) {
        return call.name == name && call.on_file(file) && call.result.starts_with("0");
    });
}

// SQLite's opening for writing; the sync's own has O_NOCTTY, which SQLite does not know.
trace::const_iterator opened(const trace& calls, const std::string& file) {
    return std::find_if(calls.begin(), calls.end(), [&](const system_call& call) {
        return call.name == "openat" && call.arguments.find(file + "\"") != std::string::npos &&
               call.arguments.find("O_RDWR") != std::string::npos &&
               call.arguments.find("O_EXCL") == std::string::npos &&
               call.arguments.find("O_NOCTTY") == std::string::npos;
    });
}

testing::AssertionResult read_from_the_disk(const trace& calls, const std::string& file, const std::string& database) {
    const auto synced = first(calls, "fdatasync", file);
    const auto forgotten = first(calls, "fadvise64", file);
    const auto used = opened(calls, database);
    if (used == calls.end()) return testing::AssertionFailure() << "the database was never opened";
    if (synced >= used) return testing::AssertionFailure() << file << " was not synced before";
    if (forgotten >= used) return testing::AssertionFailure() << file << " was not let go from the cache before";
    if (forgotten->arguments.find("POSIX_FADV_DONTNEED") == std::string::npos)
        return testing::AssertionFailure() << forgotten->arguments;
    if (synced->end >= forgotten->begin) return testing::AssertionFailure() << file << " was let go before its sync";
    return testing::AssertionSuccess();
}

}  // namespace

TEST(start_order, syncs_both_files_and_lets_the_cache_go_before_the_database_is_opened) {
    if (const std::string trouble = no_fault_injection(); !trouble.empty())
        GTEST_SKIP() << "NOT TESTED in which order the outbox is opened: " << trouble;
    daemon_under_test daemon;
    daemon.start();
    daemon.post(sample_event());
    daemon.kill9();
    ASSERT_GT(std::filesystem::file_size(daemon.outbox_path() + "-wal"), 0u);

    const std::string seen = daemon.folder() / "trace";
    daemon.run_under({"/usr/bin/strace", "-D", "-f", "-y", "-E", "ASAN_OPTIONS=detect_leaks=0", "-e",
                      "trace=openat,fdatasync,fadvise64", "-o", seen});
    daemon.start();
    daemon.kill9();
    ASSERT_TRUE(wait_until([&] { return read_whole_file(seen).find("+++ killed") != std::string::npos; }));
    const trace calls = parse_trace(read_whole_file(seen));
    EXPECT_TRUE(read_from_the_disk(calls, "outbox.db", daemon.outbox_path()));
    EXPECT_TRUE(read_from_the_disk(calls, "outbox.db-wal", daemon.outbox_path()));
}

}  // namespace posthaste
