#include "tests/unit/server/served.hpp"

namespace posthaste {
namespace {

using session_loop = served;

TEST_F(session_loop, answers_one_request_after_the_other_on_a_connection) {
    start();
    raw_socket connection = connect();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(connection.send(post("/echo/a?b=" + std::to_string(i), "body")));
        const auto answer = connection.read_answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 200);
        EXPECT_EQ(answer->body, "/echo/a?b=" + std::to_string(i) + " body");
        EXPECT_EQ(answer->header("content-type"), "text/plain");
        EXPECT_EQ(answer->header("x-content-type-options"), "nosniff");
        EXPECT_EQ(answer->header("connection"), "");
        EXPECT_EQ(answer->header("date").size(), 29U);
        EXPECT_EQ(answer->head.find("Access-Control"), std::string::npos);
    }
}

TEST_F(session_loop, answers_thousands_of_pipelined_requests_in_their_order) {
    start();
    raw_socket connection = connect();
    std::string all;
    for (int i = 0; i < 5000; ++i)
        all += i % 3 == 0 ? post("/echo/" + std::to_string(i), "b") : head("GET /echo/" + std::to_string(i));
    std::thread sender([&] { EXPECT_TRUE(connection.send(all)); });
    for (int i = 0; i < 5000; ++i) {
        const auto answer = connection.read_answer();
        if (!answer) ADD_FAILURE() << "no answer to request " << i;
        if (!answer) break;
        EXPECT_EQ(answer->body, "/echo/" + std::to_string(i) + (i % 3 == 0 ? " b" : " "));
    }
    sender.join();
}

TEST_F(session_loop, holds_what_is_pipelined_behind_a_request_that_is_answered_late) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(post("/wait", "first") + head("GET /echo/second")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    EXPECT_EQ(echo.handled, 0);
    on_thread([&] { wait.take()->answer(response{.body = "late"}); });
    EXPECT_EQ(connection.read_answer()->body, "late");
    EXPECT_EQ(connection.read_answer()->body, "/echo/second ");
}

TEST_F(session_loop, takes_a_request_byte_by_byte) {
    start();
    raw_socket connection = connect();
    for (const char c : "\r\n" + post("/echo/slow", "body of it"))
        ASSERT_TRUE(connection.send(std::string_view(&c, 1)));
    EXPECT_EQ(connection.read_answer()->body, "/echo/slow body of it");
    for (const char c :
         head("POST /echo/chunks", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n")
        ASSERT_TRUE(connection.send(std::string_view(&c, 1)));
    EXPECT_EQ(connection.read_answer()->body, "/echo/chunks abcd");
    expect_open(connection);
}

TEST_F(session_loop, keeps_a_large_body_byte_for_byte) {
    start();
    std::string body(1500 * 1000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i)
        body[i] = static_cast<char>(i * 31 + i / 257);
    raw_socket connection = connect();
    std::thread sender([&] {
        EXPECT_TRUE(
            connection.send(post("/echo/large", body) + head("POST /echo/chunked", "Transfer-Encoding: chunked\r\n")));
        for (std::size_t at = 0; at < body.size(); at += 5000) {
            EXPECT_TRUE(connection.send("1388\r\n" + body.substr(at, 5000) + "\r\n"));
        }
        EXPECT_TRUE(connection.send("0\r\n\r\n"));
    });
    const auto sized = connection.read_answer();
    const auto chunked = connection.read_answer();
    sender.join();
    ASSERT_TRUE(sized && chunked);
    EXPECT_TRUE(sized->body == "/echo/large " + body);
    EXPECT_TRUE(chunked->body == "/echo/chunked " + body);
    expect_open(connection);
}

TEST_F(session_loop, takes_a_head_of_16_kib_and_gives_431_to_a_larger_one) {
    start();
    raw_socket connection = connect();
    const std::string start_of_head = head("POST /echo/head", "Content-Length: 4\r\nX: ");
    const std::string without_end = start_of_head.substr(0, start_of_head.size() - 2);
    const std::string fill(max_head_bytes - without_end.size() - 4, 'x');
    ASSERT_TRUE(connection.send(without_end + fill + "\r\n\r\nbody"));
    EXPECT_EQ(connection.read_answer()->body, "/echo/head body");
    expect_open(connection);
    ASSERT_TRUE(connection.send(without_end + fill + "x\r\n\r\nbody" + head("GET /echo/poison")));
    EXPECT_EQ(status_of(connection.read_answer()), 431);
    EXPECT_TRUE(connection.closed_by_peer());
    EXPECT_EQ(echo.handled, 2);
}

TEST_F(session_loop, runs_nothing_behind_a_fault_of_the_framing) {
    start();
    const std::string poison = post("/echo/poison", "poison");
    const std::string chunked = head("POST /echo/a", "Transfer-Encoding: chunked\r\n");
    for (const std::string& fault :
         {std::string("\x16\x03\x01\x02"), head("GET /echo/a", "X : y\r\n"),
          head("POST /echo/a", "Transfer-Encoding: gzip\r\n"),
          head("POST /echo/a", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
          head("POST /echo/a", "Content-Length: 3\r\nContent-Length: 3\r\n") + "abc", chunked + "3\nabc\r\n0\r\n\r\n",
          chunked + "3\r\nabcd\r\n0\r\n\r\n", chunked + "3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
          chunked + "3;" + std::string(300, 'x'), chunked + "0x3\r\nabc\r\n0\r\n\r\n"}) {
        raw_socket connection = connect();
        ASSERT_TRUE(connection.send(fault + poison));
        const auto answer = connection.read_answer();
        ASSERT_TRUE(answer) << fault;
        EXPECT_EQ(answer->status, fault.find("gzip") == std::string::npos ? 400 : 501) << fault;
        EXPECT_EQ(answer->header("connection"), "close");
        EXPECT_EQ(answer->header("content-type"), "application/problem+json");
        ASSERT_TRUE(connection.send(poison));  // read and dropped: the daemon only half-closed
        EXPECT_TRUE(connection.closed_by_peer());
    }
    EXPECT_EQ(echo.handled, 0);
}

TEST_F(session_loop, refuses_a_body_by_its_announced_length_before_it_comes) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(head("POST /small", "Content-Length: 101\r\n")));
    const auto answer = connection.read_answer();
    EXPECT_EQ(status_of(answer), 413);
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_TRUE(connection.closed_by_peer());
    raw_socket fits = connect();
    ASSERT_TRUE(fits.send(post("/small", std::string(100, 'x'))));
    EXPECT_EQ(status_of(fits.read_answer()), 200);
}

TEST_F(session_loop, refuses_a_chunked_body_as_soon_as_it_is_too_large) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(head("POST /small", "Transfer-Encoding: chunked\r\n") + "64\r\n" +
                                std::string(100, 'x') + "\r\n1\r\n"));
    EXPECT_EQ(status_of(connection.read_answer()), 413);
    EXPECT_TRUE(connection.closed_by_peer());
    EXPECT_EQ(small.handled, 0);
}

TEST_F(session_loop, drops_the_body_of_a_refused_request_and_keeps_the_connection) {
    start();
    raw_socket connection = connect();
    const std::string body = head("GET /echo/poison");
    for (const auto& [request, status] :
         {std::pair(post("/nowhere", body), 404), std::pair(head("PUT /small", "Content-Length: 4\r\n") + "body", 405),
          std::pair(
              head("POST /echo/a", "X-Refuse: 1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n") + body,
              415),
          std::pair(head("POST /nowhere", "Transfer-Encoding: chunked\r\n") + "4\r\nbody\r\n0\r\n\r\n", 404),
          std::pair(head("POST /echo/a", "Origin: https://evil.example\r\nContent-Length: 4\r\n") + "body", 403),
          std::pair(std::string("POST /small HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 4\r\n\r\nbody"), 421)}) {
        ASSERT_TRUE(connection.send(request));
        EXPECT_EQ(status_of(connection.read_answer()), status);
        expect_open(connection);
    }
    std::thread sender([&] { EXPECT_TRUE(connection.send(post("/nowhere", std::string(1 * MiB, 'x')))); });
    EXPECT_EQ(status_of(connection.read_answer()), 404);
    sender.join();
    expect_open(connection);
}

TEST_F(session_loop, answers_a_refused_request_at_once_and_closes_when_its_body_is_over_1_mib) {
    start();
    raw_socket sized = connect();
    ASSERT_TRUE(sized.send(head("POST /nowhere", "Content-Length: 1048577\r\n")));
    EXPECT_EQ(status_of(sized.read_answer()), 404);
    EXPECT_TRUE(sized.closed_by_peer());
    raw_socket chunked = connect();
    ASSERT_TRUE(chunked.send(head("POST /nowhere", "Transfer-Encoding: chunked\r\n") + "100001\r\n"));
    EXPECT_EQ(status_of(chunked.read_answer()), 404);
    EXPECT_TRUE(chunked.closed_by_peer());
}

TEST_F(session_loop, says_continue_only_after_the_head_was_judged) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(head("POST /echo/a", "Expect: 100-continue\r\nContent-Length: 4\r\n")));
    EXPECT_EQ(status_of(connection.read_answer()), 100);
    ASSERT_TRUE(connection.send("body"));
    EXPECT_EQ(connection.read_answer()->body, "/echo/a body");
    ASSERT_TRUE(connection.send(head("POST /echo/a", "Expect: 100-continue\r\nContent-Length: 4\r\n") + "body"));
    EXPECT_EQ(status_of(connection.read_answer()), 200);  // it did not wait for it
    ASSERT_TRUE(connection.send(head("POST /nowhere", "Expect: 100-continue\r\nContent-Length: 4\r\n")));
    EXPECT_EQ(status_of(connection.read_answer()), 404);
    EXPECT_TRUE(connection.closed_by_peer());
}

TEST_F(session_loop, bounds_the_bodies_of_all_connections_until_they_are_answered) {
    options.body_bytes = 100 * KiB;
    start();
    raw_socket first = connect();
    ASSERT_TRUE(first.send(post("/wait", std::string(80 * KiB, 'x'))));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    for (const bool chunked : {false, true}) {
        raw_socket second = connect();
        ASSERT_TRUE(second.send(chunked ? head("POST /echo/a", "Transfer-Encoding: chunked\r\n") + "7530\r\n" +
                                              std::string(30000, 'x') + "\r\n0\r\n\r\n"
                                        : post("/echo/a", std::string(30000, 'x'))));
        const auto answer = second.read_answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 503);
        EXPECT_EQ(answer->header("retry-after"), "1");
        EXPECT_EQ(answer->json()["type"], "urn:posthaste:problem:busy");
        EXPECT_TRUE(second.closed_by_peer());
    }
    raw_socket small_one = connect();
    ASSERT_TRUE(small_one.send(post("/echo/a", "small")));
    EXPECT_EQ(status_of(small_one.read_answer()), 200);
    on_thread([&] { wait.take()->answer(response{}); });
    EXPECT_EQ(status_of(first.read_answer()), 200);
    raw_socket third = connect();
    ASSERT_TRUE(third.send(post("/echo/a", std::string(90 * KiB, 'x'))));
    EXPECT_EQ(status_of(third.read_answer()), 200);
}

TEST_F(session_loop, is_busy_for_the_smallest_body_when_none_is_left_and_for_no_request_without_one) {
    options.body_bytes = 100 * KiB;
    start();
    raw_socket first = connect();
    ASSERT_TRUE(first.send(post("/wait", std::string(100 * KiB - 10, 'x'))));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    raw_socket in_one_piece = connect();
    ASSERT_TRUE(in_one_piece.send(post("/echo/a", std::string(11, 'x'))));
    EXPECT_EQ(status_of(in_one_piece.read_answer()), 503);
    raw_socket last = connect();
    ASSERT_TRUE(last.send(post("/wait", std::string(10, 'x'))));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 2; }));
    raw_socket before_its_body = connect();
    ASSERT_TRUE(before_its_body.send(head("POST /echo/a", "Content-Length: 1\r\n")));
    EXPECT_EQ(status_of(before_its_body.read_answer()), 503);
    EXPECT_TRUE(before_its_body.closed_by_peer());
    EXPECT_EQ(echo.handled, 0);
    raw_socket bodyless = connect();
    expect_open(bodyless);
    for (raw_socket* each : {&first, &last}) {
        on_thread([&] { wait.take()->answer(response{}); });
        EXPECT_EQ(status_of(each->read_answer()), 200);
    }
}

TEST_F(session_loop, gives_the_budget_back_when_a_peer_goes_away_in_mid_body) {
    options.body_bytes = 100 * KiB;
    start();
    for (int i = 0; i < 20; ++i) {
        raw_socket gone = connect();
        ASSERT_TRUE(gone.send(head("POST /echo/a", "Content-Length: 90000\r\n") + std::string(80 * KiB, 'x')));
    }
    ASSERT_TRUE(wait_until([&] {
        raw_socket later = connect();
        return later.send(post("/echo/a", std::string(90 * KiB, 'x'))) && status_of(later.read_answer()) == 200;
    }));
}

TEST_F(session_loop, speaks_http_1_0) {
    start();
    const std::string host = "Host: localhost\r\n";
    raw_socket once = connect();
    ASSERT_TRUE(once.send("GET /echo/a HTTP/1.0\r\n" + host + "\r\n" + head("GET /echo/b")));
    const auto answer = once.read_answer();
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_TRUE(once.closed_by_peer());
    EXPECT_EQ(echo.handled, 1);
    raw_socket kept = connect();
    ASSERT_TRUE(kept.send("GET /echo/a HTTP/1.0\r\n" + host + "Connection: keep-alive\r\n\r\n"));
    EXPECT_EQ(kept.read_answer()->header("connection"), "keep-alive");
    expect_open(kept);
}

TEST_F(session_loop, answers_head_as_get_without_the_body) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(head("HEAD /echo/abc", "Connection: close\r\n")));
    const auto all = connection.read_until_close();
    ASSERT_TRUE(all);
    EXPECT_NE(all->find("Content-Length: 10\r\n"), std::string::npos);
    EXPECT_TRUE(all->ends_with("\r\n\r\n"));
}

TEST_F(session_loop, answers_a_peer_that_only_closed_its_sending_side) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(post("/wait", "body")));
    connection.half_close();
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    on_thread([&] { wait.take()->answer(response{.body = "late"}); });
    EXPECT_EQ(connection.read_answer()->body, "late");
    EXPECT_TRUE(connection.closed_by_peer());
}

TEST_F(session_loop, bears_a_peer_that_is_gone_when_the_answer_comes) {
    start();
    raw_socket connection = connect();
    ASSERT_TRUE(connection.send(post("/wait", "body")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    connection.reset();
    on_thread([&] { wait.take()->answer(response{.body = std::string(5 * MiB, 'x')}); });
    raw_socket other = connect();
    expect_open(other);
}

TEST_F(session_loop, closes_when_an_exchange_is_dropped_or_forgotten_on_another_thread) {
    start();
    raw_socket dropped = connect();
    ASSERT_TRUE(dropped.send(post("/wait", "body")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    on_thread([&] { wait.take()->drop(); });
    EXPECT_TRUE(dropped.closed_by_peer());
    raw_socket forgotten = connect();
    ASSERT_TRUE(forgotten.send(post("/wait", "body")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    wait.take().reset();
    EXPECT_TRUE(forgotten.closed_by_peer());
}

}  // namespace
}  // namespace posthaste
