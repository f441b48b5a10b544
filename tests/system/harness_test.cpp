// The harness itself: what the other tests trust.

#include <gtest/gtest.h>

#include "tests/system/support/process.hpp"
#include "tests/system/support/raw_socket.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

TEST(harness, captures_what_a_process_writes_and_how_it_ends) {
    const finished shell = run_to_end(
        {{"/bin/sh", "-c", "cat; echo $GREETING >&2; exit 7"}, {{"GREETING", "hello"}}, {}, "from the input"});
    EXPECT_EQ(shell.status, 7);
    EXPECT_EQ(shell.output, "from the input");
    EXPECT_EQ(shell.error, "hello\n");
    process sleeper({{"/bin/sleep", "1000"}, {}, {}, {}});
    sleeper.signal(SIGTERM);
    EXPECT_EQ(sleeper.wait(), -SIGTERM);
}

TEST(harness, records_requests_and_answers_by_the_script) {
    upstream_process upstream;
    EXPECT_FALSE(raw_socket(upstream.port()).connected());
    upstream.start();
    upstream.answer_with({answers(503, 2), answers(200)});
    upstream.answer_where("\"userId\": \"blocked\"", {answers(500)});
    raw_socket connection(upstream.port());
    std::vector<int> statuses;
    for (int n = 0; n < 4; ++n) {
        ASSERT_TRUE(
            connection.send(request_text("POST", "/run/event", {{"X-A", "b"}}, sample_event(), upstream.port())));
        const auto answer = connection.read_answer();
        ASSERT_TRUE(answer);
        statuses.push_back(answer->status);
    }
    EXPECT_EQ(statuses, (std::vector<int>{503, 503, 200, 200}));
    EXPECT_EQ(post_event(upstream.port(), sample_event("blocked"))->status, 500);
    ASSERT_EQ(upstream.requests().size(), 5u);
    EXPECT_EQ(upstream.requests()[3].body, sample_event());
    EXPECT_EQ(upstream.requests()[3].field("x-a"), "b");
    EXPECT_EQ(upstream.requests()[3].connection, 1u);
    EXPECT_EQ(upstream.requests()[4].connection, 2u);
}

TEST(harness, an_upstream_drops_connections_and_comes_back_on_its_port) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_with({does(answer_step::kind::close_unread), does(answer_step::kind::drop),
                          does(answer_step::kind::cut), answers(200)});
    EXPECT_TRUE(raw_socket(upstream.port()).closed_by_peer());
    EXPECT_FALSE(post_event(upstream.port(), sample_event()));
    EXPECT_FALSE(post_event(upstream.port(), sample_event()));
    EXPECT_EQ(post_event(upstream.port(), sample_event())->status, 200);
    upstream.stop();
    EXPECT_FALSE(raw_socket(upstream.port()).connected());
    upstream.start();
    EXPECT_EQ(upstream.requests().size(), 3u);
    upstream.answer_with({answers(201)});
    EXPECT_EQ(post_event(upstream.port(), sample_event())->status, 201);
    EXPECT_EQ(upstream.requests().size(), 4u);
}

}  // namespace posthaste
