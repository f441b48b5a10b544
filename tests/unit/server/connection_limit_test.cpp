// Who has to go at the limit of connections, and who is spared.

#include <optional>

#include "tests/unit/server/served.hpp"

namespace posthaste {
namespace {

using connection_limit = served;

TEST_F(connection_limit, closes_the_longest_idle_connection_to_make_room) {
    options.limits.connections = 3;
    start();
    raw_socket first = connect();
    raw_socket second = connect();
    raw_socket third = connect();
    for (raw_socket* each : {&second, &first, &third})
        expect_open(*each);
    raw_socket fourth = connect();
    expect_open(fourth);
    EXPECT_TRUE(second.closed_by_peer());
    for (raw_socket* each : {&first, &third, &fourth})
        expect_open(*each);
}

TEST_F(connection_limit, closes_the_slowest_head_when_none_is_idle) {
    options.limits.connections = 2;
    start();
    raw_socket first = connect();
    ASSERT_TRUE(first.send("GET /echo/a HT"));
    raw_socket second = connect();
    ASSERT_TRUE(second.send("GET /echo/b HT"));
    ASSERT_FALSE(second.has_more(milliseconds{50}));
    raw_socket third = connect();
    expect_open(third);
    EXPECT_TRUE(first.closed_by_peer());
    ASSERT_TRUE(second.send("TP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_EQ(second.read_answer()->body, "/echo/b ");
}

TEST_F(connection_limit, closes_an_idle_connection_before_a_head_and_a_head_before_a_body) {
    options.limits.connections = 3;
    start();
    raw_socket body = connect();
    ASSERT_TRUE(body.send(head("POST /echo/a", "Content-Length: 9\r\n") + "body"));
    raw_socket first_head = connect();
    ASSERT_TRUE(first_head.send("GET /echo/b HT"));
    raw_socket idle = connect();
    expect_open(idle);
    ASSERT_FALSE(first_head.has_more(milliseconds{50}));
    raw_socket second_head = connect();
    ASSERT_TRUE(second_head.send("GET /echo/c HT"));
    EXPECT_TRUE(idle.closed_by_peer());
    ASSERT_FALSE(second_head.has_more(milliseconds{50}));
    raw_socket handled = connect();
    ASSERT_TRUE(handled.send(post("/wait", "1")));
    EXPECT_TRUE(first_head.closed_by_peer());
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    raw_socket also_handled = connect();
    ASSERT_TRUE(also_handled.send(post("/wait", "2")));
    EXPECT_TRUE(second_head.closed_by_peer());
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 2; }));
    raw_socket last = connect();
    expect_open(last);
    EXPECT_TRUE(body.closed_by_peer());
    for (raw_socket* each : {&handled, &also_handled}) {
        on_thread([&] { wait.take()->answer(response{}); });
        EXPECT_EQ(status_of(each->read_answer()), 200);
    }
}

TEST_F(connection_limit, closes_what_only_lingers_before_anything_else) {
    options.limits.connections = 2;
    start();
    raw_socket idle = connect();
    expect_open(idle);
    raw_socket refused = connect();
    ASSERT_TRUE(refused.send(head("GET /echo/a", "X : y\r\n")));
    EXPECT_EQ(status_of(refused.read_answer()), 400);
    raw_socket third = connect();
    expect_open(third);
    expect_open(idle);
}

TEST_F(connection_limit, lets_a_connection_wait_while_all_others_are_busy) {
    options.limits.connections = 2;
    start();
    raw_socket first = connect();
    raw_socket second = connect();
    ASSERT_TRUE(first.send(post("/wait", "1")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    ASSERT_TRUE(second.send(post("/wait", "2")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 2; }));
    raw_socket third = connect();
    ASSERT_TRUE(third.send(head("GET /echo/third")));
    ASSERT_FALSE(third.has_more(milliseconds{50}));
    on_thread([&] { wait.take()->answer(response{.close = true}); });
    EXPECT_EQ(status_of(first.read_answer()), 200);
    EXPECT_TRUE(first.closed_by_peer());
    first.close();
    EXPECT_EQ(third.read_answer()->body, "/echo/third ");
    on_thread([&] { wait.take()->answer(response{}); });
    EXPECT_EQ(status_of(second.read_answer()), 200);
}

TEST_F(connection_limit, lets_the_one_that_waits_in_once_another_is_answered_and_idle) {
    options.limits.connections = 2;
    start();
    raw_socket first = connect();
    raw_socket second = connect();
    ASSERT_TRUE(first.send(post("/wait", "1")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    ASSERT_TRUE(second.send(post("/wait", "2")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 2; }));
    raw_socket third = connect();
    ASSERT_TRUE(third.send(head("GET /echo/third")));
    ASSERT_FALSE(third.has_more(milliseconds{50}));
    on_thread([&] { wait.take()->answer(response{}); });
    EXPECT_EQ(status_of(first.read_answer()), 200);
    EXPECT_EQ(third.read_answer()->body, "/echo/third ");
    EXPECT_TRUE(first.closed_by_peer()) << "it was idle";
}

TEST_F(connection_limit, spares_a_connection_that_has_had_no_time_to_send_anything) {
    options.limits.connections = 3;
    start();
    raw_socket first = connect();
    raw_socket second = connect();
    for (raw_socket* each : {&first, &second}) {
        ASSERT_TRUE(each->send("GET /echo/a HT"));
        ASSERT_FALSE(each->has_more(milliseconds{50}));
    }
    raw_socket newcomer = connect();
    raw_socket another = connect();
    EXPECT_TRUE(first.closed_by_peer());
    expect_open(newcomer);
    expect_open(another);
}

TEST_F(connection_limit, spares_the_only_head_among_slow_bodies) {
    options.limits.connections = 3;
    start();
    raw_socket first = connect();
    raw_socket second = connect();
    for (raw_socket* each : {&first, &second}) {
        ASSERT_TRUE(each->send(head("POST /echo/a", "Content-Length: 9\r\n") + "body"));
        ASSERT_FALSE(each->has_more(milliseconds{50}));
    }
    raw_socket newcomer = connect();
    raw_socket another = connect();
    EXPECT_TRUE(first.closed_by_peer());
    expect_open(newcomer);
    expect_open(another);
}

TEST_F(connection_limit, closes_who_does_not_take_its_answer_when_all_others_are_busy) {
    options.limits.connections = 2;
    start();
    raw_socket deaf = connect();
    raw_socket busy = connect();
    ASSERT_TRUE(deaf.send(post("/wait", "1")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    ASSERT_TRUE(busy.send(post("/wait", "2")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 2; }));
    on_thread([&] { wait.take()->answer(response{.body = std::string(32 * MiB, 'x')}); });
    ASSERT_TRUE(deaf.has_more(patience));
    raw_socket newcomer = connect();
    expect_open(newcomer);
    EXPECT_FALSE(deaf.read_answer()) << "it is cut off";
    on_thread([&] { wait.take()->answer(response{}); });
    EXPECT_EQ(status_of(busy.read_answer()), 200);
}

TEST_F(connection_limit, spares_an_idle_connection_whose_next_request_is_there) {
    options.limits.connections = 2;
    start();
    raw_socket first = connect();
    raw_socket second = connect();
    for (raw_socket* each : {&first, &second})
        expect_open(*each);
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
    options.limits.connections = 10;
    start();
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
