// Who has to go at the limit of connections, and who is spared.

#include <optional>
#include <vector>

#include "tests/unit/server/served.hpp"

namespace posthaste {
namespace {

struct connection_limit : served {
    void start_with(std::size_t connections) {
        options.limits.connections = connections;
        start();
    }
    raw_socket connect_and_send(const std::string& bytes) {
        raw_socket out = connect();
        EXPECT_TRUE(out.send(bytes));
        return out;
    }
    // With a request that is read, and not answered before answer_next().
    raw_socket connect_and_be_busy() {
        const std::size_t before = wait.waiting();
        raw_socket out = connect_and_send(post("/wait", "x"));
        EXPECT_TRUE(wait_until([&] { return wait.waiting() == before + 1; }));
        return out;
    }
    void answer_next(response with = {}) {
        on_thread([&] { wait.take()->answer(std::move(with)); });
    }
    // What was sent so far is with the listener by then.
    static void expect_silence(raw_socket& on) { EXPECT_FALSE(on.has_more(milliseconds{50})); }
    void expect_all_open(const std::vector<raw_socket*>& connections) {
        for (raw_socket* each : connections)
            expect_open(*each);
    }
};

TEST_F(connection_limit, closes_the_longest_idle_connection_to_make_room) {
    start_with(3);
    raw_socket first = connect();
    raw_socket second = connect();
    raw_socket third = connect();
    expect_all_open({&second, &first, &third});
    raw_socket fourth = connect();
    expect_open(fourth);
    EXPECT_TRUE(second.closed_by_peer());
    expect_all_open({&first, &third, &fourth});
}

TEST_F(connection_limit, closes_the_slowest_head_when_none_is_idle) {
    start_with(2);
    raw_socket first = connect_and_send("GET /echo/a HT");
    raw_socket second = connect_and_send("GET /echo/b HT");
    expect_silence(second);
    raw_socket third = connect();
    expect_open(third);
    EXPECT_TRUE(first.closed_by_peer());
    ASSERT_TRUE(second.send("TP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_EQ(second.read_answer()->body, "/echo/b ");
}

TEST_F(connection_limit, closes_an_idle_connection_before_a_head_and_a_head_before_a_body) {
    start_with(3);
    raw_socket body = connect_and_send(head("POST /echo/a", "Content-Length: 9\r\n") + "body");
    raw_socket first_head = connect_and_send("GET /echo/b HT");
    raw_socket idle = connect();
    expect_open(idle);
    expect_silence(first_head);
    raw_socket second_head = connect_and_send("GET /echo/c HT");
    EXPECT_TRUE(idle.closed_by_peer());
    expect_silence(second_head);
    raw_socket handled = connect_and_be_busy();
    EXPECT_TRUE(first_head.closed_by_peer());
    raw_socket also_handled = connect_and_be_busy();
    EXPECT_TRUE(second_head.closed_by_peer());
    raw_socket last = connect();
    expect_open(last);
    EXPECT_TRUE(body.closed_by_peer());
    for (raw_socket* each : {&handled, &also_handled}) {
        answer_next();
        EXPECT_EQ(status_of(each->read_answer()), 200);
    }
}

TEST_F(connection_limit, closes_what_only_lingers_before_anything_else) {
    start_with(2);
    raw_socket idle = connect();
    expect_open(idle);
    raw_socket refused = connect_and_send(head("GET /echo/a", "X : y\r\n"));
    EXPECT_EQ(status_of(refused.read_answer()), 400);
    raw_socket third = connect();
    expect_open(third);
    expect_open(idle);
}

TEST_F(connection_limit, lets_a_connection_wait_while_all_others_are_busy) {
    start_with(2);
    raw_socket first = connect_and_be_busy();
    raw_socket second = connect_and_be_busy();
    raw_socket third = connect_and_send(head("GET /echo/third"));
    expect_silence(third);
    answer_next({.close = true});
    EXPECT_EQ(status_of(first.read_answer()), 200);
    EXPECT_TRUE(first.closed_by_peer());
    first.close();
    EXPECT_EQ(third.read_answer()->body, "/echo/third ");
    answer_next();
    EXPECT_EQ(status_of(second.read_answer()), 200);
}

TEST_F(connection_limit, lets_the_one_that_waits_in_once_another_is_answered_and_idle) {
    start_with(2);
    raw_socket first = connect_and_be_busy();
    raw_socket second = connect_and_be_busy();
    raw_socket third = connect_and_send(head("GET /echo/third"));
    expect_silence(third);
    answer_next();
    EXPECT_EQ(status_of(first.read_answer()), 200);
    EXPECT_EQ(third.read_answer()->body, "/echo/third ");
    EXPECT_TRUE(first.closed_by_peer()) << "it was idle";
}

TEST_F(connection_limit, spares_a_connection_that_has_had_no_time_to_send_anything) {
    start_with(3);
    raw_socket first = connect();
    raw_socket second = connect();
    for (raw_socket* each : {&first, &second}) {
        ASSERT_TRUE(each->send("GET /echo/a HT"));
        expect_silence(*each);
    }
    raw_socket newcomer = connect();
    raw_socket another = connect();
    EXPECT_TRUE(first.closed_by_peer());
    expect_open(newcomer);
    expect_open(another);
}

TEST_F(connection_limit, spares_the_only_head_among_slow_bodies) {
    start_with(3);
    raw_socket first = connect();
    raw_socket second = connect();
    for (raw_socket* each : {&first, &second}) {
        ASSERT_TRUE(each->send(head("POST /echo/a", "Content-Length: 9\r\n") + "body"));
        expect_silence(*each);
    }
    raw_socket newcomer = connect();
    raw_socket another = connect();
    EXPECT_TRUE(first.closed_by_peer());
    expect_open(newcomer);
    expect_open(another);
}

TEST_F(connection_limit, closes_who_does_not_take_its_answer_when_all_others_are_busy) {
    start_with(2);
    raw_socket deaf = connect_and_be_busy();
    raw_socket busy = connect_and_be_busy();
    answer_next({.body = std::string(32 * MiB, 'x')});
    ASSERT_TRUE(deaf.has_more(patience));
    raw_socket newcomer = connect();
    expect_open(newcomer);
    EXPECT_FALSE(deaf.read_answer()) << "it is cut off";
    answer_next();
    EXPECT_EQ(status_of(busy.read_answer()), 200);
}

TEST_F(connection_limit, spares_an_idle_connection_whose_next_request_is_there) {
    start_with(2);
    raw_socket first = connect();
    raw_socket second = connect();
    expect_all_open({&first, &second});
    std::optional<raw_socket> newcomer;
    on_thread([&] {  // so that the listener sees both at once, and looks at the new connection first
        newcomer.emplace(connect());
        ASSERT_TRUE(first.send(head("GET /echo/next")));
    });
    expect_open(*newcomer);
    EXPECT_EQ(first.read_answer()->body, "/echo/next ");
    EXPECT_TRUE(second.closed_by_peer());
}

TEST_F(connection_limit, survives_a_flood_of_connections) {
    start_with(10);
    std::vector<raw_socket> flood;
    for (int i = 0; i < 300; ++i) {
        flood.push_back(connect());
        ASSERT_TRUE(flood.back().send(i % 2 == 0 ? "GET / HTTP" : ""));
    }
    raw_socket last = connect();
    expect_open(last);
}

}  // namespace
}  // namespace posthaste
