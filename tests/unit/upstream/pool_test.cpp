#include "daemon/upstream/pool.hpp"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "tests/unit/upstream/attempts.hpp"
#include "tests/unit/upstream/scripted_peer.hpp"

namespace posthaste {
namespace {

using testing::attempts;
using testing::peer_connection;
using testing::plain_upstream;
using testing::scripted_peer;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"message\":\"ok\"}";

// Answers every request of the connection in the same way.
scripted_peer::script always(std::string answer) {
    return [answer = std::move(answer)](peer_connection& connection) {
        while (!connection.read_request().empty())
            connection.write(answer);
    };
}

// Answers one request and closes.
scripted_peer::script once(std::string answer) {
    return [answer = std::move(answer)](peer_connection& connection) {
        connection.read_request();
        connection.write(answer);
    };
}

TEST(upstream_pool, sends_the_head_and_the_body_byte_for_byte) {
    std::promise<std::string> seen;
    scripted_peer peer({[&](peer_connection& connection) {
        seen.set_value(connection.read_request());
        connection.write(ok);
    }});
    attempts attempts(plain_upstream(peer.port()));
    EXPECT_EQ(attempts.make().status, 200);
    std::string expected;
    attempt_head(plain_upstream(peer.port())).write(expected, attempts.event(), 0);
    EXPECT_EQ(seen.get_future().get(), expected + attempts.event().what.body);
}

TEST(upstream_pool, keeps_a_connection_for_the_next_attempts) {
    scripted_peer peer({always(std::string(ok))});
    attempts attempts(plain_upstream(peer.port()));
    for (int each = 0; each < 10; ++each)
        EXPECT_EQ(attempts.make().status, 200);
    EXPECT_EQ(peer.connections(), 1);
}

TEST(upstream_pool, opens_a_new_connection_when_asked_to) {
    scripted_peer peer({once(std::string(ok))});
    attempts attempts(plain_upstream(peer.port()));
    EXPECT_EQ(attempts.make().status, 200);
    EXPECT_EQ(attempts.make(true).status, 200);
    EXPECT_EQ(peer.connections(), 2);
}

TEST(upstream_pool, reads_a_chunked_answer_with_trailers_to_its_end) {
    scripted_peer peer(
        {always("HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                "a\r\n{\"message\"\r\n8;ext=1\r\n: \"what\"\r\n1\r\n}\r\n0\r\nX-Sum: 1\r\n\r\n")});
    attempts attempts(plain_upstream(peer.port()));
    for (int each = 0; each < 3; ++each) {
        const auto outcome = attempts.make();
        EXPECT_EQ(outcome.status, 400);
        EXPECT_EQ(outcome.message, "what");
    }
    EXPECT_EQ(peer.connections(), 1);
}

TEST(upstream_pool, passes_over_interim_answers) {
    scripted_peer peer(
        {always("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + std::string(ok))});
    attempts attempts(plain_upstream(peer.port()));
    EXPECT_EQ(attempts.make().status, 200);
    EXPECT_EQ(attempts.make().status, 200);
    EXPECT_EQ(peer.connections(), 1);
}

TEST(upstream_pool, takes_an_answer_byte_by_byte) {
    scripted_peer peer({[](peer_connection& connection) {
        connection.read_request();
        for (const char byte : ok)
            connection.write({&byte, 1});
    }});
    attempts attempts(plain_upstream(peer.port()));
    EXPECT_EQ(attempts.make().status, 200);
}

// The peer leaves the connection open: it is the client that must not use it again.
void expect_no_reuse_after(const std::string& answer) {
    std::atomic<bool> used_again = false;
    {
        scripted_peer peer({[&](peer_connection& connection) {
                                connection.read_request();
                                connection.write(answer);
                                used_again = !connection.read_request().empty();
                            },
                            always(std::string(ok))});
        attempts attempts(plain_upstream(peer.port()));
        EXPECT_TRUE(attempts.make().status);
        EXPECT_EQ(attempts.make().status, 200);
        EXPECT_EQ(peer.connections(), 2);
    }
    EXPECT_FALSE(used_again) << answer;
}

TEST(upstream_pool, does_not_reuse_a_connection_that_is_to_be_closed) {
    expect_no_reuse_after("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    expect_no_reuse_after("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(upstream_pool, does_not_reuse_a_connection_that_answered_421) {
    expect_no_reuse_after("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n");
}

TEST(upstream_pool, does_not_reuse_a_connection_that_said_more_than_was_asked) {
    expect_no_reuse_after("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 Oops\r\n\r\n");
}

// Else it would pass for the answer to the next event.
TEST(upstream_pool, does_not_reuse_a_connection_on_which_more_came_unasked) {
    std::atomic<bool> heard{false};
    std::atomic<bool> said{false};
    scripted_peer peer({[&](peer_connection& connection) {
                            connection.read_request();
                            connection.write(ok);
                            heard.wait(false);
                            connection.write(ok);
                            said = true;
                            connection.wait_for_close();
                        },
                        always("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")});
    attempts attempts(plain_upstream(peer.port()));
    EXPECT_EQ(attempts.make().status, 200);
    heard = true;
    heard.notify_one();
    while (!said)
        std::this_thread::yield();
    EXPECT_EQ(attempts.make().status, 503);
    EXPECT_EQ(peer.connections(), 2);
}

TEST(upstream_pool, takes_an_answer_without_a_length_up_to_the_end_of_the_stream) {
    scripted_peer peer({once("HTTP/1.1 500 Oops\r\n\r\nit broke")});
    attempts attempts(plain_upstream(peer.port()));
    const auto outcome = attempts.make();
    EXPECT_EQ(outcome.status, 500);
    EXPECT_EQ(outcome.message, "it broke");
}

TEST(upstream_pool, repeats_at_once_on_a_new_connection_when_a_kept_one_was_closed_under_it) {
    scripted_peer peer({[](peer_connection& connection) {
                            connection.read_request();
                            connection.write(ok);
                            connection.read_request();  // and closes without a byte of the answer
                        },
                        always(std::string(ok))});
    attempts attempts(plain_upstream(peer.port()));
    EXPECT_EQ(attempts.make().status, 200);
    EXPECT_EQ(attempts.make().status, 200);
    EXPECT_EQ(peer.connections(), 2);
}

TEST(upstream_pool, does_not_repeat_once_a_byte_of_the_answer_came) {
    scripted_peer peer({[](peer_connection& connection) {
                            connection.read_request();
                            connection.write(ok);
                            connection.read_request();
                            connection.write("H");
                        },
                        always(std::string(ok))});
    attempts attempts(plain_upstream(peer.port()));
    EXPECT_EQ(attempts.make().status, 200);
    const auto outcome = attempts.make();
    EXPECT_FALSE(outcome.status);
    EXPECT_EQ(outcome.message, "the connection was closed in the middle of the answer");
    EXPECT_EQ(peer.connections(), 1);
}

TEST(upstream_pool, does_not_repeat_what_fails_on_a_new_connection) {
    scripted_peer peer({[](peer_connection& connection) { connection.read_request(); }});
    attempts attempts(plain_upstream(peer.port()));
    const auto outcome = attempts.make();
    EXPECT_FALSE(outcome.status);
    EXPECT_EQ(outcome.message, "the connection was closed before an answer came");
    EXPECT_EQ(peer.connections(), 1);
}

TEST(upstream_pool, takes_a_broken_answer_for_none) {
    for (const std::string_view broken :
         {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "HTTP/1.1 200 OK\r\nContent-Le"}) {
        scripted_peer peer({once(std::string(broken))});
        attempts attempts(plain_upstream(peer.port()));
        const auto outcome = attempts.make();
        EXPECT_FALSE(outcome.status) << broken;
        EXPECT_FALSE(outcome.message.empty()) << broken;
    }
}

TEST(upstream_pool, hears_an_answer_that_comes_before_the_whole_request_was_read) {
    std::promise<void> answered;
    scripted_peer peer({[&](peer_connection& connection) {
        connection.read_some();
        connection.write("HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\ntoo large");
        answered.get_future().get();  // the rest is never read
    }});
    attempts attempts(plain_upstream(peer.port()));
    attempts.event().what.body = std::string(16 * 1024 * 1024, ' ');
    const auto outcome = attempts.make();
    answered.set_value();
    EXPECT_EQ(outcome.status, 413);
    EXPECT_EQ(outcome.message, "too large");
}

TEST(upstream_pool, sends_a_body_that_does_not_fit_into_one_write) {
    std::promise<std::string> seen;
    scripted_peer peer({[&](peer_connection& connection) {
        seen.set_value(connection.read_request());
        connection.write(ok);
    }});
    attempts attempts(plain_upstream(peer.port()));
    auto& body = attempts.event().what.body;
    body.clear();
    while (body.size() < 8 * 1024 * 1024)
        body += std::to_string(body.size());
    EXPECT_EQ(attempts.make().status, 200);
    const auto request = seen.get_future().get();
    EXPECT_TRUE(request.ends_with(body));
}

TEST(upstream_pool, gives_up_on_an_answer_that_does_not_end_in_time) {
    auto upstream = plain_upstream(0);
    upstream.response_timeout = milliseconds{50};
    for (const std::string_view beginning : {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"}) {
        scripted_peer peer({[&](peer_connection& connection) {
            connection.read_request();
            connection.write(beginning);
            connection.wait_for_close();
        }});
        upstream.url.port = peer.port();
        attempts attempts(upstream);
        const auto outcome = attempts.make();
        EXPECT_FALSE(outcome.status);
        EXPECT_EQ(outcome.message, "no whole answer within 50ms");
        EXPECT_TRUE(outcome.timed_out);
    }
}

TEST(upstream_pool, says_where_it_could_not_connect) {
    std::uint16_t port = 0;
    {
        scripted_peer gone({always("")});
        port = gone.port();
    }
    attempts attempts(plain_upstream(port));
    const auto outcome = attempts.make();
    EXPECT_FALSE(outcome.status);
    EXPECT_EQ(outcome.message, "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
    EXPECT_FALSE(outcome.timed_out);
}

TEST(upstream_pool, says_which_name_it_could_not_find) {
    auto upstream = plain_upstream(80);
    upstream.url.host = "no-such-host.invalid";
    attempts attempts(upstream);
    const auto outcome = attempts.make();
    EXPECT_FALSE(outcome.status);
    EXPECT_NE(outcome.message.find("no-such-host.invalid"), std::string::npos);
}

TEST(upstream_pool, tells_the_answers_retry_after) {
    const auto asked_for = [](const std::string& field, const std::string& trailer = "") {
        scripted_peer peer({always("HTTP/1.1 429 Slow Down\r\n" + field +
                                   "Transfer-Encoding: chunked\r\n\r\n1\r\n.\r\n0\r\n" + trailer + "\r\n")});
        attempts attempts(plain_upstream(peer.port()));
        attempts.wall = *parse_rfc3339("2026-11-25T08:00:00Z");
        const auto outcome = attempts.make();
        EXPECT_EQ(outcome.status, 429);
        return outcome.retry_after;
    };
    EXPECT_EQ(asked_for("Retry-After: 17\r\n"), seconds{17});
    EXPECT_EQ(asked_for("retry-after: Wed, 25 Nov 2026 08:00:30 GMT\r\n"), seconds{30});
    EXPECT_EQ(asked_for("Retry-After: 17\r\nRetry-After: 99\r\n"), seconds{17});
    EXPECT_EQ(asked_for("Retry-After: soon\r\n"), std::nullopt);
    EXPECT_EQ(asked_for(""), std::nullopt);
    EXPECT_EQ(asked_for("", "Retry-After: 17\r\n"), std::nullopt) << "a trailer is no header";
}

TEST(upstream_pool, goes_another_way_once_it_is_told_one) {
    std::promise<void> closed;
    scripted_peer before({[&](peer_connection& connection) {
        connection.read_request();
        connection.write(ok);
        connection.wait_for_close();
        closed.set_value();
    }});
    scripted_peer after({always(std::string(ok))});
    attempts attempts(plain_upstream(before.port()));
    EXPECT_EQ(attempts.make().status, 200);
    attempts.use(plain_upstream(after.port()));
    closed.get_future().get();  // the idle connection
    EXPECT_EQ(attempts.make().status, 200);
    EXPECT_EQ(before.connections(), 1);
    EXPECT_EQ(after.connections(), 1);
}

TEST(upstream_pool, ends_attempts_in_flight_on_their_old_way_and_keeps_no_connection_of_it) {
    std::promise<void> reached;
    std::promise<void> told;
    std::promise<bool> used_again;
    scripted_peer before({[&](peer_connection& connection) {
        connection.read_request();
        reached.set_value();
        told.get_future().get();
        connection.write(ok);
        used_again.set_value(!connection.read_request().empty());
    }});
    scripted_peer after({always(std::string(ok))});
    attempts attempts(plain_upstream(before.port()));
    attempts.start();
    auto at_the_peer = reached.get_future();
    while (at_the_peer.wait_for(seconds{0}) != std::future_status::ready)
        attempts.io().poll_one();
    attempts.use(plain_upstream(after.port()));
    told.set_value();
    EXPECT_EQ(attempts.finish().status, 200);
    auto whether_used = used_again.get_future();
    ASSERT_EQ(whether_used.wait_for(seconds{10}), std::future_status::ready) << "it is still open";
    EXPECT_FALSE(whether_used.get());
    EXPECT_EQ(attempts.make().status, 200);
    EXPECT_EQ(after.connections(), 1);
}

TEST(upstream_pool, repeats_on_the_new_way_what_was_under_way_on_a_connection_that_was_closed) {
    std::promise<void> told;
    std::promise<void> reached;
    scripted_peer before({[&](peer_connection& connection) {
        connection.read_request();
        connection.write(ok);
        connection.read_request();
        reached.set_value();
        told.get_future().get();  // and closes
    }});
    scripted_peer after({always(std::string(ok))});
    attempts attempts(plain_upstream(before.port()));
    EXPECT_EQ(attempts.make().status, 200);
    attempts.start();
    reached.get_future().get();
    attempts.use(plain_upstream(after.port()));
    told.set_value();
    EXPECT_EQ(attempts.finish().status, 200);
    EXPECT_EQ(after.connections(), 1);
}

TEST(upstream_pool, gives_attempts_up_without_a_word_when_it_is_closed) {
    scripted_peer peer({[](peer_connection& connection) { connection.wait_for_close(); }});
    attempts attempts(plain_upstream(peer.port()));
    attempts.start();
    attempts.start();
    while (peer.connections() == 0)
        attempts.io().run_one();
    attempts.close();
}

}  // namespace
}  // namespace posthaste
