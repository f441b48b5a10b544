// A failed write ends the process: each case runs in a process of its own.

#include "daemon/store/fail_stop.hpp"

#include <cstdio>
#include <thread>

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/log.hpp"
#include "tests/unit/outbox/failing_disk.hpp"
#include "tests/unit/store/store_harness.hpp"

namespace posthaste {
namespace {

// Appends into a store whose disk fails from the second event on, and says what was answered.
void append_onto(std::atomic<int>& fault, int code) {
    failing_disk disk;
    store_harness h;
    h.append();
    fault = code;
    for (int count = 0; count < 3; ++count) {
        h.box->append(ticket(), [](result<uuid, refusal> answer) {
            std::fputs(answer ? "acknowledged\n"
                              : (answer.error() == refusal::store_unavailable ? "unavailable\n" : "refused\n"),
                       stderr);
        });
    }
    h.io.run_for(std::chrono::seconds{60});
}

class fail_stop_test : public testing::Test {
  protected:
    void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

constexpr const char* answered = "unavailable\n(.|\n)*unavailable\n(.|\n)*unavailable\n";

TEST_F(fail_stop_test, a_failed_write_is_answered_and_exits_with_74) {
    EXPECT_EXIT(append_onto(failing_disk::write_fault, SQLITE_IOERR_WRITE), testing::ExitedWithCode(74), answered);
}

TEST_F(fail_stop_test, a_failed_sync_is_answered_and_exits_with_74) {
    EXPECT_EXIT(append_onto(failing_disk::sync_fault, SQLITE_IOERR_FSYNC), testing::ExitedWithCode(74), answered);
}

TEST_F(fail_stop_test, a_failed_write_never_acknowledges) {
    EXPECT_EXIT(append_onto(failing_disk::sync_fault, SQLITE_IOERR_FSYNC), testing::ExitedWithCode(74),
                testing::Not(testing::HasSubstr("acknowledged")));
}

TEST_F(fail_stop_test, a_failed_write_says_what_happened_and_what_to_do) {
    const auto logged = [] {
        start_logging(log_level::info, log_format::text);
        append_onto(failing_disk::sync_fault, SQLITE_IOERR_FSYNC);
    };
    EXPECT_EXIT(logged(), testing::ExitedWithCode(74), "disk I/O error(.|\n)*Check the disk");
}

TEST_F(fail_stop_test, after_a_failed_write_nothing_runs_on_the_delivery_thread) {
    const auto fail_while_delivering = [] {
        failing_disk disk;
        temporary_folder folder;
        boost::asio::io_context accept{1};
        boost::asio::io_context delivery{1};
        const auto delivery_work = boost::asio::make_work_guard(delivery);
        std::thread delivering([&] { delivery.run(); });
        queue_settings queue;
        queue.path = folder / "outbox.db";
        store box({queue, clocks, [] { return std::uint64_t{1}; }}, accept, delivery);
        if (!box.open()) {
            std::_Exit(1);
        }
        box.start(nullptr);
        failing_disk::sync_fault = SQLITE_IOERR_FSYNC;
        box.append(ticket(),
                   [&](result<uuid, refusal>) { boost::asio::post(delivery, [] { std::fputs("sent\n", stderr); }); });
        const auto accept_work = boost::asio::make_work_guard(accept);
        accept.run();
    };
    EXPECT_EXIT(fail_while_delivering(), testing::ExitedWithCode(74), testing::Not(testing::HasSubstr("sent")));
}

TEST_F(fail_stop_test, a_damaged_file_exits_with_65_and_leaves_a_marker_that_stops_the_next_start) {
    temporary_outbox t;
    const pid_t finder = ::fork();
    if (finder == 0) {
        boost::asio::io_context io{1};
        fail_stop(io, io, {.path = t.queue.path, .why = "pages are wrong", .damaged = true, .waiting = {}});
    }
    int status = -1;
    ASSERT_EQ(::waitpid(finder, &status, 0), finder);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 65);
    t.box.reset();
    const auto opened = outbox::open(t.queue, t.now);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, exit_code::outbox_damaged);
}

TEST_F(fail_stop_test, a_damaged_page_is_found_when_it_is_read_and_exits_with_65) {
    const auto read_damage = [] {
        failing_disk disk;
        store_harness h;
        h.append(std::vector<event>(50, ticket("1", std::string(3000, 'x'))));
        h.box.reset();
        h.open();
        failing_disk::read_fault = SQLITE_CORRUPT;
        h.box->fetch({}, [](page) { std::fputs("handed out\n", stderr); });
        h.io.run_for(std::chrono::seconds{60});
    };
    EXPECT_EXIT(read_damage(), testing::ExitedWithCode(65), testing::Not(testing::HasSubstr("handed out")));
}

}  // namespace
}  // namespace posthaste
