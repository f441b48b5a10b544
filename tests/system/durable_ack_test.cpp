// A 202 is written only after the event's commit was synced: seen in the daemon's own system calls.

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/system_calls.hpp"

namespace posthaste {

namespace {

constexpr int connections = 4;
constexpr int events_a_connection = 40;

std::string marker(int connection, int number) {
    return "marker-" + std::to_string(connection) + "-" + std::to_string(number) + "-end";
}

void post_marked(std::uint16_t port, int connection, int& answered) {
    raw_socket socket(port);
    for (int number = 0; number < events_a_connection; ++number) {
        const std::string body = sample_event("user-" + std::to_string(connection), marker(connection, number));
        socket.send(request_text("POST", "/run/event", {{"Content-Type", "application/json"}}, body, port));
        const auto answer = socket.read_answer();
        if (answer && answer->status == 202) ++answered;
    }
}

using trace = std::vector<system_call>;

bool is_read(const system_call& call) {
    return call.name.starts_with("re") && call.name != "rename" && call.transferred();
}

bool is_sync_of_wal(const system_call& call) {
    return (call.name == "fdatasync" || call.name == "fsync") && call.on_file("outbox.db-wal") && call.result == "0";
}

bool is_write_to_wal(const system_call& call) {
    return call.name.starts_with("pwrite") && call.on_file("outbox.db-wal") && call.transferred();
}

// Whether between the request's arrival and its answer the event went into the WAL and was synced there.
testing::AssertionResult synced_before_answer(const trace& calls, const std::string& mark) {
    const auto holds_mark = [&](const system_call& call) { return call.arguments.find(mark) != std::string::npos; };
    const auto request = std::find_if(calls.begin(), calls.end(),
                                      [&](const system_call& call) { return is_read(call) && holds_mark(call); });
    if (request == calls.end()) return testing::AssertionFailure() << "its request is not in the trace";
    const auto answer = std::find_if(request, calls.end(), [&](const system_call& call) {
        return call.descriptor() == request->descriptor() && call.arguments.find("HTTP/1.1 202") != std::string::npos;
    });
    if (answer == calls.end()) return testing::AssertionFailure() << "its answer is not in the trace";
    const auto write = std::find_if(calls.begin(), calls.end(), [&](const system_call& call) {
        return is_write_to_wal(call) && holds_mark(call) && call.begin > request->end;
    });
    if (write == calls.end()) return testing::AssertionFailure() << "it was never written to the WAL";
    const bool synced = std::any_of(calls.begin(), calls.end(), [&](const system_call& call) {
        return is_sync_of_wal(call) && call.begin > write->end && call.end < answer->begin;
    });
    if (!synced)
        return testing::AssertionFailure()
               << "answered in line " << answer->begin << " of the trace, written to the WAL in line " << write->end
               << ", and no sync of the WAL in between";
    return testing::AssertionSuccess();
}

}  // namespace

TEST(durable_ack, every_202_follows_a_sync_of_the_wal_that_followed_its_request) {
    daemon_under_test daemon;
    daemon.start();
    system_call_trace tracer(
        daemon.running().id(),
        "fdatasync,fsync,pwrite64,pwritev,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg");
    if (!tracer.trouble().empty()) GTEST_SKIP() << "NOT TESTED that acknowledgements are durable: " << tracer.trouble();

    int answered[connections] = {};
    std::vector<std::thread> threads;
    for (int connection = 0; connection < connections; ++connection)
        threads.emplace_back([&, connection] { post_marked(daemon.port(), connection, answered[connection]); });
    for (std::thread& thread : threads)
        thread.join();
    const trace calls = tracer.stop();

    for (int connection = 0; connection < connections; ++connection) {
        EXPECT_EQ(answered[connection], events_a_connection);
        for (int number = 0; number < events_a_connection; ++number)
            EXPECT_TRUE(synced_before_answer(calls, marker(connection, number))) << marker(connection, number);
    }
    const auto syncs = std::count_if(calls.begin(), calls.end(), is_sync_of_wal);
    std::printf("%d events, %td syncs of the WAL\n", connections * events_a_connection, syncs);
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
}

TEST(durable_ack, what_was_not_synced_is_from_when_it_has_to_be) {
    daemon_under_test daemon;
    daemon.configure({{"queue", {{"durability", "process"}}}});
    daemon.start();
    daemon.post(sample_event());
    system_call_trace tracer(daemon.running().id(), "fdatasync,fsync");
    if (!tracer.trouble().empty()) GTEST_SKIP() << "NOT TESTED that a reload syncs the log: " << tracer.trouble();
    daemon.configure({{"queue", {{"durability", "full"}}}});
    daemon.running().signal(SIGHUP);
    ASSERT_TRUE(daemon.running().wait_for_output("queue.durability changed")) << daemon.log();
    EXPECT_TRUE(daemon.status().contains("queue"));  // which the store is asked for, after that
    const trace calls = tracer.stop();
    EXPECT_TRUE(std::any_of(calls.begin(), calls.end(), is_sync_of_wal));
}

TEST(system_calls, a_trace_is_read_in_the_order_of_begins_and_ends) {
    const auto calls = parse_trace(
        "11 recvmsg(9<socket:[1]>,  <unfinished ...>\n"
        "12 fdatasync(7</tmp/x/outbox.db-wal> <unfinished ...>\n"
        "11 <... recvmsg resumed>{msg_iov=[{iov_base=\"POST marker = 1)\"}]}, 0) = 16\n"
        "12 <... fdatasync resumed>) = 0\n"
        "11 sendmsg(9<socket:[1]>, \"HTTP/1.1 202\") = -1 EPIPE (Broken pipe)\n");
    ASSERT_EQ(calls.size(), 3u);
    EXPECT_TRUE(is_read(calls[0]));
    EXPECT_EQ(calls[0].descriptor(), 9);
    EXPECT_EQ(calls[0].end, 3u);
    EXPECT_TRUE(is_sync_of_wal(calls[1]));
    EXPECT_EQ(calls[1].begin, 2u);
    EXPECT_EQ(calls[1].end, 4u);
    EXPECT_FALSE(calls[2].transferred());
}

}  // namespace posthaste
