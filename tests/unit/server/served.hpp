// A listener on a free port with a thread of its own, resources that do as the test says, and a clock that the test
// turns.

#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "daemon/server/listener.hpp"
#include "daemon/server/routes.hpp"
#include "tests/system/support/patience.hpp"
#include "tests/system/support/raw_socket.hpp"

namespace posthaste {

// Answers "METHOD PATH BODY" at once.
class echo_handler final : public handler {
  public:
    explicit echo_handler(std::uint64_t limit = 2 * MiB) : limit_(limit) {}

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override {
        if (!head.field("x-refuse").empty()) return problem{.status = 415, .name = "refused", .detail = "as asked"};
        return {};
    }
    [[nodiscard]] std::uint64_t body_limit() const override { return limit_; }
    void handle(std::shared_ptr<exchange> request) override {
        ++handled;
        const std::string target(request->head().target);
        request->answer({.content_type = "text/plain", .body = target + " " + request->body()});
    }

    std::atomic<int> handled = 0;

  private:
    std::uint64_t limit_;
};

// Keeps its requests until the test answers them.
class waiting_handler final : public handler {
  public:
    [[nodiscard]] std::optional<problem> refuse(const request_head&) const override { return {}; }
    [[nodiscard]] std::uint64_t body_limit() const override { return 2 * MiB; }
    void handle(std::shared_ptr<exchange> request) override {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(request));
    }

    [[nodiscard]] std::size_t waiting() const {
        const std::lock_guard lock(mutex_);
        return waiting_.size();
    }
    [[nodiscard]] std::shared_ptr<exchange> take() {
        const std::lock_guard lock(mutex_);
        auto first = std::move(waiting_.front());
        waiting_.pop_front();
        return first;
    }

  private:
    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<exchange>> waiting_;
};

class served : public testing::Test {
  protected:
    served() {
        options.listen.addresses = {{"127.0.0.1", 0}};
        options.sweep_every = milliseconds{2};
        options.now = [this] {
            ++clock_reads_;
            const milliseconds turned{turned_ms_};
            return instant{std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) + turned,
                           std::chrono::steady_clock::time_point(std::chrono::hours{1}) + turned};
        };
        routes.add("GET", "/echo/{any}", access_scope::app, echo);
        routes.add("POST", "/echo/{any}", access_scope::app, echo);
        routes.add("POST", "/small", access_scope::app, small);
        routes.add("POST", "/wait", access_scope::app, wait);
    }
    ~served() override {
        boost::asio::post(io, [this] { door.reset(); });
        work_.reset();
        io.stop();
        if (thread_.joinable()) thread_.join();
    }

    void start() {
        door.emplace(io, options, routes);
        const auto opened = door->open();
        ASSERT_TRUE(opened) << opened.error().message;
        const std::string address = door->addresses().front();
        port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
        door->start();
        thread_ = std::thread([this] { io.run(); });
    }

    void advance_clock(milliseconds by) { turned_ms_ += by.count(); }
    // Moves the listener's clock, not the test's, and waits until the listener took note; what was sent before is read
    // at the time before. Needs a connection: without one nothing is swept.
    void turn_clock(milliseconds by) {
        for (int round = 0; round < 10; ++round)
            on_thread([] {});  // between two of these it looks at its sockets
        advance_clock(by);
        const int before = clock_reads_;
        EXPECT_TRUE(wait_until([&] { return clock_reads_ > before; }));
    }

    // How often the listener asked for the time: once for each connection it tries to accept, among others.
    [[nodiscard]] int clock_reads() const { return clock_reads_; }

    [[nodiscard]] raw_socket connect() const { return raw_socket(port); }
    [[nodiscard]] std::string head(const std::string& request_line, const std::string& fields = "") const {
        return request_line + " HTTP/1.1\r\nHost: localhost:" + std::to_string(port) + "\r\n" + fields + "\r\n";
    }
    [[nodiscard]] std::string post(const std::string& path, const std::string& body) const {
        return head("POST " + path, "Content-Length: " + std::to_string(body.size()) + "\r\n") + body;
    }
    [[nodiscard]] int status_of(const std::optional<http_answer>& answer) const { return answer ? answer->status : 0; }
    // The connection still serves.
    void expect_open(raw_socket& connection) {
        ASSERT_TRUE(connection.send(head("GET /echo/still")));
        const auto answer = connection.read_answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->body, "/echo/still ");
    }
    // Runs on the listener's thread and waits for it.
    void on_thread(const std::function<void()>& what) {
        std::atomic<bool> done = false;
        boost::asio::post(io, [&] {
            what();
            done = true;
        });
        ASSERT_TRUE(wait_until([&] { return done.load(); }));
    }

    boost::asio::io_context io{1};
    listener_options options;
    echo_handler echo;
    echo_handler small{100};
    waiting_handler wait;
    path_router routes;
    std::optional<listener> door;
    std::uint16_t port = 0;

  private:
    std::atomic<std::int64_t> turned_ms_ = 0;
    std::atomic<int> clock_reads_ = 0;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io.get_executor()};
    std::thread thread_;
};

}  // namespace posthaste
