#include <sys/resource.h>
#include <unistd.h>

#include "daemon/server/server_context.hpp"
#include "tests/unit/http/check_head.hpp"
#include "tests/unit/server/served.hpp"

namespace posthaste {
namespace {

using deadlines = served;
using listening = served;

TEST_F(deadlines, answer_408_to_a_head_that_is_not_complete_in_10_s) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send("POST /echo/a HTTP/1.1\r\nHost: loc"));
    ASSERT_TRUE(!connection.has_more(milliseconds{50}));
    turn_clock(milliseconds{9900});
    EXPECT_FALSE(connection.has_more(milliseconds{50})) << "early";
    turn_clock(milliseconds{500});
    const auto answer = connection.read_answer();
    EXPECT_EQ(status_of(answer), 408);
    EXPECT_EQ(answer->header("connection"), "close");
    turn_clock(seconds{2});
    EXPECT_TRUE(connection.closed_by_peer());
}

TEST_F(deadlines, are_told_as_refusals_without_the_head_of_the_request_before) {
    const auto told = std::make_shared<std::vector<std::string>>();
    options.refused = [told](const request_head& head, const problem& why) {
        told->push_back(std::string(head.method) + " " + std::string(head.path) + " " + std::string(why.name));
    };
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(post("/nothing", "body")));
    EXPECT_EQ(status_of(connection.read_answer()), 404);
    ASSERT_TRUE(connection.send("POST /echo/a HTTP/1.1\r\nHost: loc"));
    EXPECT_FALSE(connection.has_more(milliseconds{50}));
    turn_clock(milliseconds{10'400});
    EXPECT_EQ(status_of(connection.read_answer()), 408);
    on_thread([&] { EXPECT_EQ(*told, (std::vector<std::string>{"POST /nothing not-found", "  request-timeout"})); });
}

TEST_F(deadlines, count_a_head_from_its_first_byte) {
    start();
    raw_socket connection = connect();
    expect_open(connection);
    turn_clock(seconds{60});
    ASSERT_TRUE(connection.send("GET /echo/still HTTP/1.1\r\n"));
    EXPECT_FALSE(connection.has_more(milliseconds{50}));
    turn_clock(seconds{5});
    ASSERT_TRUE(connection.send("Host: localhost\r\n\r\n"));
    EXPECT_EQ(status_of(connection.read_answer()), 200);
}

TEST_F(deadlines, are_not_moved_by_a_head_that_comes_byte_by_byte) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send("GET /echo/a HTTP/1.1\r\n"));
    for (int i = 0; i < 2; ++i) {
        ASSERT_FALSE(connection.has_more(milliseconds{50}));
        turn_clock(seconds{4});
        ASSERT_TRUE(connection.send("X"));
    }
    ASSERT_FALSE(connection.has_more(milliseconds{50}));
    turn_clock(seconds{3});
    EXPECT_TRUE(connection.has_more(seconds{5}));
    EXPECT_TRUE(connection.read_some(20).starts_with("HTTP/1.1 408"));
}

TEST_F(deadlines, cut_a_body_off_that_stalls_10_s_after_its_last_10_kib) {
    start();
    for (const bool begun : {false, true}) {
        raw_socket connection = connect();
        ASSERT_TRUE(connection.send(head("POST /echo/a", "Content-Length: 60000\r\n") + (begun ? "x" : "")));
        if (begun) {
            ASSERT_FALSE(connection.has_more(milliseconds{50}));
            turn_clock(seconds{9});
        }
        ASSERT_TRUE(connection.send(std::string(50000, 'x')));
        ASSERT_FALSE(connection.has_more(milliseconds{50}));
        turn_clock(milliseconds{9900});
        ASSERT_FALSE(connection.has_more(milliseconds{50})) << "early";
        turn_clock(milliseconds{500});
        EXPECT_TRUE(connection.has_more(seconds{5})) << begun;
        EXPECT_TRUE(connection.read_some(20).starts_with("HTTP/1.1 408"));
    }
}

TEST_F(deadlines, bear_a_body_of_just_over_1_kib_a_second) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(head("POST /echo/a", "Content-Length: 26000\r\n")));
    for (int second = 0; second < 25; ++second) {
        ASSERT_TRUE(connection.send(std::string(1040, 'x')));
        if (second == 24) break;
        ASSERT_FALSE(connection.has_more(milliseconds{50})) << second;
        turn_clock(seconds{1});
    }
    EXPECT_EQ(status_of(connection.read_answer()), 200);
}

TEST_F(deadlines, answer_408_to_a_body_under_1_kib_a_second) {
    start();
    for (const char* framing : {"Content-Length: 100000\r\n", "Transfer-Encoding: chunked\r\n"}) {
        raw_socket connection = connect();
        ASSERT_TRUE(connection.send(head("POST /echo/a", framing)));
        ASSERT_TRUE(connection.send("ffff\r\nabc"));
        ASSERT_FALSE(connection.has_more(milliseconds{50}));
        turn_clock(milliseconds{10500});
        EXPECT_EQ(status_of(connection.read_answer()), 408);
        turn_clock(seconds{2});
        EXPECT_TRUE(connection.closed_by_peer());
    }
    EXPECT_EQ(echo.handled, 0);
}

TEST_F(deadlines, bear_a_body_of_more_than_1_kib_a_second_however_long_it_takes) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(head("POST /echo/a", "Content-Length: 60000\r\n")));
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(connection.send(std::string(12000, 'x')));
        if (i == 4) break;
        ASSERT_FALSE(connection.has_more(milliseconds{50}));
        turn_clock(milliseconds{9500});
        ASSERT_FALSE(connection.has_more(milliseconds{50}));
    }
    EXPECT_EQ(status_of(connection.read_answer()), 200);
}

TEST_F(deadlines, close_a_connection_that_was_idle_for_75_s_without_a_word) {
    start();
    raw_socket connection = connect();
    expect_open(connection);
    ASSERT_FALSE(connection.has_more(milliseconds{50}));
    turn_clock(seconds{74});
    EXPECT_FALSE(connection.has_more(milliseconds{50})) << "early";
    turn_clock(seconds{2});
    EXPECT_TRUE(connection.closed_by_peer());
}

TEST_F(deadlines, close_a_connection_that_never_said_a_word_after_10_s) {
    start();
    raw_socket connection = connect();
    ASSERT_FALSE(connection.has_more(milliseconds{50}));
    turn_clock(seconds{11});
    EXPECT_TRUE(connection.closed_by_peer());
}

TEST_F(deadlines, leave_a_request_alone_that_waits_for_its_answer) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(post("/wait", "body")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    turn_clock(std::chrono::hours{1});
    ASSERT_FALSE(connection.has_more(milliseconds{50}));
    on_thread([&] { wait.take()->answer(response{.body = "late"}); });
    EXPECT_EQ(connection.read_answer()->body, "late");
}

TEST_F(deadlines, close_a_peer_that_does_not_read_its_answer_for_30_s) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(post("/wait", "body")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    auto request = wait.take();
    const std::weak_ptr<exchange> session = request;
    on_thread([&] { std::exchange(request, {})->answer(response{.body = std::string(32 * MiB, 'x')}); });
    ASSERT_TRUE(connection.has_more(patience));
    ASSERT_FALSE(session.expired());
    EXPECT_TRUE(wait_until([&] {
        advance_clock(seconds{31});  // again and again: there is progress until the kernel's buffers are full
        return session.expired();
    }));
    EXPECT_FALSE(connection.read_answer());
}

TEST_F(deadlines, read_on_for_1_s_behind_a_fault_so_that_its_answer_is_not_lost) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(head("GET /echo/a", "X : y\r\n")));
    EXPECT_EQ(status_of(connection.read_answer()), 400);
    EXPECT_TRUE(connection.closed_by_peer());
    const std::string more(1 * MiB, 'x');
    for (int i = 0; i < 32; ++i)  // more than the kernel's buffers hold
        ASSERT_TRUE(connection.send(more)) << "after " << i << " MiB";
    turn_clock(milliseconds{990});
    ASSERT_TRUE(connection.send(more));
    advance_clock(milliseconds{10});
    EXPECT_TRUE(wait_until([&] { return !connection.send("x"); })) << "it would read for ever";
}

TEST_F(listening, goes_on_after_running_out_of_file_descriptors) {
    if (sanitized) GTEST_SKIP() << "the sanitizers' own checks open pipes";
    start();
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const raw_socket probe = connect();  // the next descriptors follow this one's
    rlimit low = before;
    low.rlim_cur = 40;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    std::deque<raw_socket> clients;
    do
        clients.push_back(connect());
    while (clients.back().connected());
    clients.pop_back();
    ASSERT_GT(clients.size(), 3U);
    for (int i = 0; i < 3; ++i)
        clients.pop_front();  // what they leave behind is enough for one that waits
    raw_socket& last = clients.back();
    expect_open(last);
    setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(listening, makes_room_for_a_new_connection_when_slow_heads_have_all_file_descriptors) {
    if (sanitized) GTEST_SKIP() << "NOT TESTED without descriptors: the sanitizers' own checks open pipes";
    start();
    std::deque<raw_socket> slow;
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(slow.emplace_back(connect()).send("GET /echo/slow HT"));
        ASSERT_FALSE(slow.back().has_more(milliseconds{50}));
    }
    const int next = dup(STDERR_FILENO);
    close(next);
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit low = before;
    low.rlim_cur = static_cast<rlim_t>(next) + 1;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    raw_socket last = connect();  // its own end takes the last one
    expect_open(last);
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_TRUE(slow.front().closed_by_peer()) << "the slowest head went for it";
}

// Nobody can go for the one that comes, so that to ask again and again would only heat the machine.
TEST_F(listening, asks_ten_times_a_second_at_most_for_a_file_descriptor_when_everybody_is_busy) {
    if (sanitized) GTEST_SKIP() << "NOT TESTED without descriptors: the sanitizers' own checks open pipes";
    options.sweep_every = std::chrono::hours{1};  // so that only accepting reads the clock
    start();
    std::deque<raw_socket> busy;
    for (std::size_t i = 0; i < 3; ++i) {
        ASSERT_TRUE(busy.emplace_back(connect()).send(post("/wait", "body")));
        ASSERT_TRUE(wait_until([&] { return wait.waiting() == i + 1; }));
    }
    const int next = dup(STDERR_FILENO);
    close(next);
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit low = before;
    low.rlim_cur = static_cast<rlim_t>(next) + 1;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    const auto begin = std::chrono::steady_clock::now();
    const int reads = clock_reads();
    raw_socket last = connect();  // its own end takes the last one
    EXPECT_TRUE(wait_until([&] { return clock_reads() >= reads + 4; })) << "it gave up";
    const int asked = clock_reads() - reads;
    EXPECT_LE(asked, (std::chrono::steady_clock::now() - begin) / milliseconds{100} + 1);
    on_thread([&] { wait.take()->answer(response{.body = "done"}); });
    EXPECT_EQ(busy.front().read_answer()->body, "done");
    busy.pop_front();
    expect_open(last);
    setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(listening, names_the_address_that_is_taken_and_exits_75) {
    start();
    listener_options same = options;
    same.listen.addresses = {{"127.0.0.1", port}};
    listener second(io, same, routes);
    const auto opened = second.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, exit_code::locked_or_in_use);
    EXPECT_NE(opened.error().message.find("127.0.0.1:" + std::to_string(port)), std::string::npos);
}

TEST_F(listening, takes_several_addresses_ipv6_too) {
    options.listen.addresses = {{"127.0.0.1", 0}, {"127.0.0.2", 0}, {"::1", 0}};
    start();
    const auto addresses = door->addresses();
    ASSERT_EQ(addresses.size(), 3U);
    EXPECT_TRUE(addresses[2].starts_with("http://[::1]:"));
    const auto port_of = [&](std::size_t i) {
        return static_cast<std::uint16_t>(std::stoi(addresses[i].substr(addresses[i].rfind(':') + 1)));
    };
    raw_socket six(port_of(2), "::1");
    ASSERT_TRUE(six.send("GET /echo/six HTTP/1.1\r\nHost: [::1]:" + std::to_string(port_of(2)) + "\r\n\r\n"));
    EXPECT_EQ(six.read_answer()->body, "/echo/six ");
    raw_socket other(port_of(1), "127.0.0.2");
    ASSERT_TRUE(other.send("GET /echo/two HTTP/1.1\r\nHost: 127.0.0.2:" + std::to_string(port_of(0)) + "\r\n\r\n"));
    EXPECT_EQ(status_of(other.read_answer()), 421) << "the port must be the one that was connected to";
}

TEST_F(listening, goes_by_the_addresses_listened_on_and_the_allowed_hosts) {
    options.listen.addresses = {{"192.0.2.7", 8650}, {"2001:db8::7", 8650}};
    options.listen.allowed_hosts = {"app.internal"};
    const server_context shared(options, routes);
    const auto judged = [&](const std::string& host) {
        const std::string bytes = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
        const auto wrong = shared.hosts.judge(*check_head(bytes), 8650);
        return wrong ? wrong->status : 200U;
    };
    for (const char* host : {"192.0.2.7", "192.0.2.7:8650", "[2001:db8::7]", "app.internal:8650", "localhost"})
        EXPECT_EQ(judged(host), 200U) << host;
    for (const char* host : {"192.0.2.8", "192.0.2.7:80", "[2001:db8::8]", "internal"})
        EXPECT_EQ(judged(host), 421U) << host;
}

TEST_F(listening, stops_when_what_was_read_is_answered) {
    start();
    raw_socket idle = connect();
    expect_open(idle);
    raw_socket in_head = connect();
    ASSERT_TRUE(in_head.send("GET / HT"));
    raw_socket in_body = connect();
    ASSERT_TRUE(in_body.send(head("POST /echo/a", "Content-Length: 9\r\n") + "body"));
    raw_socket handled = connect();
    ASSERT_TRUE(handled.send(post("/wait", "body")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    std::atomic<bool> done = false;
    on_thread([&] { door->stop([&] { done = true; }); });
    expect_open(idle);  // its next request may have been on the way
    advance_clock(seconds{2});
    EXPECT_TRUE(idle.closed_by_peer());
    EXPECT_TRUE(in_head.closed_by_peer());
    const auto refused = in_body.read_answer();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(refused->json()["type"], "urn:posthaste:problem:shutting-down");
    in_body.close();
    EXPECT_FALSE(connect().connected());
    EXPECT_FALSE(done);
    on_thread([&] { wait.take()->answer(response{.body = "last"}); });
    const auto answer = handled.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "last");
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_TRUE(handled.closed_by_peer());
    handled.close();
    EXPECT_TRUE(wait_until([&] { return done.load(); }));
}

}  // namespace
}  // namespace posthaste
