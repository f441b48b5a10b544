// Answers in parts: exports today.

#include <vector>

#include "tests/unit/server/served.hpp"

namespace posthaste {
namespace {

// Gives its parts one by one, each on a turn of the loop of its own, and counts how many were asked for.
class part_source final : public body_source {
  public:
    part_source(boost::asio::io_context& io, std::vector<std::string> parts, std::atomic<std::size_t>& asked)
        : io_(io), parts_(std::move(parts)), asked_(asked) {}

    [[nodiscard]] bool is_endless() const noexcept override { return endless; }
    void next(std::function<void(std::string part)> give) override {
        const std::size_t at = asked_++;
        boost::asio::post(
            io_, [give = std::move(give), part = at < parts_.size() ? parts_[at] : std::string()] { give(part); });
    }

    bool endless = false;

  private:
    boost::asio::io_context& io_;
    std::vector<std::string> parts_;
    std::atomic<std::size_t>& asked_;
};

class parts_handler final : public handler {
  public:
    explicit parts_handler(boost::asio::io_context& io) : io_(io) {}
    [[nodiscard]] std::optional<problem> refuse(const request_head&) const override { return {}; }
    [[nodiscard]] std::uint64_t body_limit() const override { return 0; }
    void handle(std::shared_ptr<exchange> request) override {
        const auto source = std::make_shared<part_source>(io_, parts, asked);
        source->endless = endless;
        request->answer_in_parts({.content_type = "text/plain"}, source);
    }

    bool endless = false;

    std::vector<std::string> parts{"one ", "two ", "three"};
    std::atomic<std::size_t> asked = 0;

  private:
    boost::asio::io_context& io_;
};

class answer_in_parts : public served {
  protected:
    answer_in_parts() { routes.add("GET", "/parts", access_scope::app, handler_); }
    parts_handler handler_{io};
};

TEST_F(answer_in_parts, sends_chunks_and_keeps_the_connection) {
    start();
    auto connection = connect();
    connection.send(head("GET /parts"));
    const auto answer = connection.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->header("transfer-encoding"), "chunked");
    EXPECT_EQ(answer->header("content-length"), "");
    EXPECT_EQ(answer->body, "one two three");
    expect_open(connection);
}

TEST_F(answer_in_parts, ends_with_the_connection_for_http_1_0) {
    start();
    auto connection = connect();
    connection.send("GET /parts HTTP/1.0\r\nHost: localhost:" + std::to_string(port) +
                    "\r\nConnection: keep-alive\r\n\r\n");
    const auto all = connection.read_until_close();
    ASSERT_TRUE(all);
    EXPECT_EQ(all->find("chunked"), std::string::npos);
    EXPECT_NE(all->find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(all->ends_with("\r\n\r\none two three")) << *all;
}

TEST_F(answer_in_parts, sends_only_the_head_to_a_HEAD) {
    start();
    auto connection = connect();
    connection.send(head("HEAD /parts") + head("GET /echo/next"));
    const auto all = connection.read_some();
    EXPECT_EQ(all.find("one"), std::string::npos);
    EXPECT_TRUE(wait_until([&] { return echo.handled == 1; }));
    EXPECT_EQ(handler_.asked, 0u);
}

TEST_F(answer_in_parts, asks_for_no_more_than_the_peer_takes) {
    handler_.parts.assign(1'000, std::string(256 * 1024, 'x'));
    start();
    auto connection = connect();
    connection.send(head("GET /parts"));
    ASSERT_TRUE(wait_until([&] { return handler_.asked > 2; }));
    std::size_t before = 0;
    ASSERT_TRUE(wait_until([&] {  // it stands still
        const std::size_t now = handler_.asked;
        return std::exchange(before, now) == now;
    }));
    EXPECT_LT(handler_.asked, 100u) << "what the peer has not read is not asked for";
    connection.close();
    auto another = connect();
    expect_open(another);
}

TEST_F(answer_in_parts, closes_on_a_peer_that_takes_nothing_for_long) {
    handler_.parts.assign(1'000, std::string(256 * 1024, 'x'));
    start();
    auto connection = connect();
    connection.send(head("GET /parts"));
    ASSERT_TRUE(wait_until([&] { return handler_.asked > 2; }));
    turn_clock(seconds{31});
    EXPECT_TRUE(connection.read_until_close()) << "cut off";
    EXPECT_LT(handler_.asked, 100u);
}

TEST_F(answer_in_parts, cuts_off_what_has_no_end_when_the_listener_stops) {
    handler_.parts.assign(1'000, std::string(256 * 1024, 'x'));
    handler_.endless = true;
    start();
    auto connection = connect();
    connection.send(head("GET /parts"));
    ASSERT_TRUE(wait_until([&] { return handler_.asked > 2; }));
    std::atomic<bool> done = false;
    on_thread([&] { door->stop([&] { done = true; }); });
    EXPECT_TRUE(wait_until([&] { return done.load(); })) << "it waits for a peer that reads nothing";
}

}  // namespace
}  // namespace posthaste
