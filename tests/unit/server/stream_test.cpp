// GET /v1/stream without a socket: what a listener is told, and what one that does not read is not.

#include <gmock/gmock.h>

#include "daemon/server/stream_handler.hpp"
#include "tests/unit/server/asked.hpp"

namespace posthaste {
namespace {

using nlohmann::json;

// Everything but the beat answers at once, at a time that the test turns.
class stream : public testing::Test {
  protected:
    std::shared_ptr<asked> listen() {
        auto request = get("/v1/stream?rates=each");
        handler.handle(request);
        return request;
    }
    // As a session that may send: asks for the next part, which is then in `to`.
    static void ask(const std::shared_ptr<asked>& of, std::vector<std::string>& to) {
        of->parts->next([&to](std::string part) { to.push_back(std::move(part)); });
    }
    void wait_for(const std::vector<std::string>& parts, std::size_t count) {
        while (parts.size() < count)
            ASSERT_GT(io.run_one_for(std::chrono::minutes{1}), 0U) << "no beat came";
    }
    static json rates_in(const std::string& part) {
        const std::string start = "event: rates\ndata: ";
        if (!part.starts_with(start)) return nullptr;
        return json::parse(part.substr(start.size(), part.find("\n\n") - start.size()));
    }

    boost::asio::io_context io{1};
    instant now{noon()};
    rate_window accepted;
    rate_history delivered;
    status_handler status{{.store = [](auto reply) { reply(store_status{}); },
                           .upstream = [](auto reply) { reply({.state = "held"}); },
                           .stopping = {},
                           .configuration = [] { return configuration_state{}; }},
                          queue_settings{},
                          accepted,
                          [this] { return now; }};
    stream_handler handler{io, status, accepted, [this](auto reply) { reply(delivered); }, [this] { return now; }, {}};
};

TEST_F(stream, begins_with_the_past_and_goes_on_with_the_status_and_what_is_over) {
    accepted.add(now.steady, 50);
    delivered.add(now.steady, 20);
    now.wall += seconds{5};
    now.steady += seconds{5};
    const auto one = listen();
    std::vector<std::string> told;
    ask(one, told);
    ASSERT_EQ(told.size(), 1U) << "at once, and not at the next beat";
    const json past = rates_in(told[0]);
    EXPECT_EQ(past["from"], "2023-11-14T21:58:25.000Z") << "15 minutes before";
    EXPECT_EQ(past["secondsEach"], 5);
    ASSERT_EQ(past["accepted"].size(), 180U);
    ASSERT_EQ(past["delivered"].size(), 180U);
    EXPECT_EQ(past["accepted"].back(), 10.0);
    EXPECT_EQ(past["delivered"].back(), 4.0);
    EXPECT_THAT(told[0], testing::HasSubstr("\n\nevent: status\ndata: {\"version\""));
    EXPECT_TRUE(told[0].ends_with("}\n\n"));

    ask(one, told);
    EXPECT_EQ(told.size(), 1U) << "not before the beat";
    wait_for(told, 2);
    EXPECT_TRUE(told[1].starts_with("event: status\n")) << "nothing else is over";
    accepted.add(now.steady, 5);
    now.steady += seconds{5};
    ask(one, told);
    wait_for(told, 3);
    EXPECT_EQ(rates_in(told[2])["accepted"], json{1.0});
    EXPECT_EQ(rates_in(told[2])["delivered"], json{0.0});
}

TEST_F(stream, leaves_out_who_has_not_taken_the_last_and_tells_the_missed_rates_later) {
    const auto slow = listen();
    const auto quick = listen();
    std::vector<std::string> to_slow;
    std::vector<std::string> to_quick;
    ask(slow, to_slow);
    ask(quick, to_quick);
    for (std::size_t beats = 1; beats <= 2; ++beats) {
        now.steady += seconds{10};
        ask(quick, to_quick);
        wait_for(to_quick, 1 + beats);
    }
    EXPECT_EQ(to_slow.size(), 1U) << "nothing is kept for it";
    ask(slow, to_slow);
    wait_for(to_slow, 2);
    EXPECT_EQ(rates_in(to_slow[1])["accepted"].size(), 4U);
}

TEST_F(stream, takes_sixteen_and_a_seventeenth_when_one_has_left) {
    std::vector<std::shared_ptr<asked>> open;
    for (int i = 0; i < 16; ++i) {
        open.push_back(listen());
        EXPECT_TRUE(open.back()->parts);
    }
    const auto refused = listen();
    EXPECT_EQ(refused->status, 503U);
    EXPECT_EQ(refused->shown()["type"], "urn:posthaste:problem:busy");
    EXPECT_TRUE(refused->retry_after);
    open.pop_back();
    EXPECT_TRUE(listen()->parts);
}

TEST_F(stream, asks_nothing_and_sets_no_timer_once_nobody_listens) {
    auto one = listen();
    std::vector<std::string> told;
    ask(one, told);
    one.reset();
    io.run();  // returns, as nothing is left to wait for
    EXPECT_EQ(told.size(), 1U);
}

TEST_F(stream, ends_at_the_beat_behind_which_its_token_opens_nothing) {
    const auto with = [this](std::string_view token) {
        const auto request = get("/v1/stream");
        if (!token.empty()) request->sender.token_digest = bytes_of(sha256(token));
        handler.handle(request);
        return request;
    };
    const auto token = [](access_scope scope, std::string_view text) { return access_token{scope, sha256(text)}; };
    std::vector<std::shared_ptr<asked>> listening;
    std::vector<std::vector<std::string>> told(4);
    for (const std::string_view each : {"kept", "lowered", "taken", ""})
        listening.push_back(with(each));
    for (std::size_t n = 0; n < 4; ++n) {
        ask(listening[n], told[n]);
        ask(listening[n], told[n]);
    }
    handler.reconfigure({token(access_scope::operators, "kept"), token(access_scope::app, "lowered")});
    wait_for(told[0], 2);
    EXPECT_TRUE(told[0][1].starts_with("event: status"));
    for (std::size_t n = 1; n < 4; ++n) {
        ASSERT_EQ(told[n].size(), 2U) << n;
        EXPECT_EQ(told[n][1], "") << n;
    }
}

TEST_F(stream, tells_the_end_to_who_has_not_taken_the_last) {
    const auto slow = listen();
    const auto quick = listen();
    std::vector<std::string> to_slow;
    std::vector<std::string> to_quick;
    ask(slow, to_slow);
    ask(quick, to_quick);
    ask(quick, to_quick);
    handler.reconfigure({{access_scope::operators, sha256("another")}});
    wait_for(to_quick, 2);
    ask(slow, to_slow);
    ASSERT_EQ(to_slow.size(), 2U) << "at once";
    EXPECT_EQ(to_slow[1], "");
}

TEST_F(stream, ends_when_the_daemon_stops) {
    const auto waiting = listen();
    std::vector<std::string> told;
    ask(waiting, told);
    ask(waiting, told);
    handler.stop();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1], "") << "the end";
    EXPECT_EQ(listen()->status, 503U);
    io.run();
}

}  // namespace
}  // namespace posthaste
