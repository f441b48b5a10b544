// Runs attempts against a peer and collects how they ended.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "daemon/upstream/pool.hpp"

namespace posthaste::testing {

inline upstream_settings plain_upstream(std::uint16_t port) {
    upstream_settings upstream;
    upstream.url.host = "127.0.0.1";
    upstream.url.port = port;
    upstream.api_key = "the-secret-key";
    return upstream;
}

class attempts final : private attempt_listener {
  public:
    explicit attempts(const upstream_settings& upstream) {
        use(upstream);
        event_.number = 1;
        event_.what.path = "/run/event";
        event_.what.body = R"({"event":  "Ticket Created",  "userId":"ada", "data": {"n": 12345678901234567890}})";
    }

    void use(const upstream_settings& upstream) {
        auto prepared = prepare_upstream(upstream);
        ASSERT_TRUE(prepared) << prepared.error().message;
        pool_.use(*std::move(prepared));
    }

    // One attempt, to its end.
    attempt_outcome make(bool on_a_new_connection = false) {
        start(on_a_new_connection);
        return finish();
    }

    void start(bool on_a_new_connection = false) { pool_.start({0, &event_, 0}, on_a_new_connection); }

    attempt_outcome finish() {
        while (ended_.empty() && io_.run_one() > 0) {
        }
        EXPECT_EQ(ended_.size(), 1u);
        if (ended_.empty()) return {};
        attempt_outcome outcome = std::move(ended_.back());
        ended_.pop_back();
        return outcome;
    }

    // Closes the pool and does what is left to do; no attempt may end any more.
    void close() {
        pool_.close();
        io_.restart();
        io_.run();
        EXPECT_TRUE(ended_.empty());
    }

    wall_time wall{};  // the pool's calendar

    pending_event& event() { return event_; }
    boost::asio::io_context& io() { return io_; }

  private:
    void attempt_unsent(std::uint32_t) override { start(true); }
    void attempt_ended(std::uint32_t, attempt_outcome outcome) override { ended_.push_back(std::move(outcome)); }

    boost::asio::io_context io_{1};
    upstream_pool pool_{io_, [this] { return instant{wall, std::chrono::steady_clock::now()}; }, *this};
    pending_event event_;
    std::vector<attempt_outcome> ended_;
};

}  // namespace posthaste::testing
