// A request as a session would hand it to a handler, and what it was answered; without a socket.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "daemon/server/handler.hpp"
#include "daemon/store/store.hpp"
#include "tests/unit/http/check_head.hpp"

namespace posthaste {

class asked final : public exchange {
  public:
    asked(std::string head, std::string body = "") : text_(std::move(head)), body_(std::move(body)) {
        auto read = check_head(text_);
        EXPECT_TRUE(read);
        head_ = *std::move(read);
    }

    [[nodiscard]] const request_head& head() const override { return head_; }
    [[nodiscard]] std::string& body() override { return body_; }
    [[nodiscard]] const caller& by() const override { return sender; }
    bool take_memory(std::uint64_t bytes) override {
        if (bytes > memory) return false;
        memory -= bytes;
        return true;
    }
    void answer(response what) override {
        ++answers;
        status = what.status;
        fields = what.fields;
        text = what.body;
    }
    void answer(const problem& what) override {
        ++answers;
        status = what.status;
        text = to_json(what);
        retry_after = what.retry_after;
    }
    void answer_in_parts(response head, std::shared_ptr<body_source> body) override {
        ++answers;
        status = head.status;
        parts = std::move(body);
    }
    void drop() override {}

    [[nodiscard]] nlohmann::json shown() const { return nlohmann::json::parse(text); }

    caller sender;
    std::uint64_t memory = 64 * MiB;  // that is left
    int answers = 0;
    unsigned status = 0;
    std::string fields;
    std::string text;
    std::optional<seconds> retry_after;
    std::shared_ptr<body_source> parts;

  private:
    std::string text_;
    request_head head_;
    std::string body_;
};

inline std::shared_ptr<asked> get(const std::string& path) {
    return std::make_shared<asked>("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

inline std::shared_ptr<asked> post(const std::string& fields, const std::string& body,
                                   const std::string& path = "/run/event") {
    return std::make_shared<asked>(
        "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + fields + "\r\n", body);
}

inline instant noon() {
    return {wall_time(milliseconds(1'700'000'000'000)), steady_time(std::chrono::hours{5})};
}

struct sink_of_test final : event_sink {
    void append(event what, append_reply reply) override {
        taken.push_back(std::move(what));
        replies.push_back(std::move(reply));
    }
    void submit(submission what, submit_reply reply) override {
        submitted.push_back(std::move(what));
        submit_replies.push_back(std::move(reply));
    }
    std::vector<submission> submitted;
    std::vector<submit_reply> submit_replies;
    std::vector<event> taken;
    std::vector<append_reply> replies;
};

}  // namespace posthaste
