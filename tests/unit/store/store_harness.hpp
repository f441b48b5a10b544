// A store over a temporary folder, and a listener that keeps what it is told. Replies run on the test's thread.

#pragma once

#include <chrono>
#include <random>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "daemon/store/store.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {

inline void PrintTo(const result<uuid, refusal>& answer, std::ostream* out) {
    *out << (answer ? to_string(*answer) : "refusal " + std::to_string(static_cast<int>(answer.error())));
}

inline instant clocks() {
    return {std::chrono::floor<milliseconds>(std::chrono::system_clock::now()), std::chrono::steady_clock::now()};
}

struct recorded_commits final : commit_listener {
    std::vector<pending_event> events;
    std::size_t settlements = 0;
    std::vector<std::string> calls;

    void appended(std::vector<pending_event> more, sequence /*last*/) override {
        calls.emplace_back("appended");
        std::ranges::move(more, std::back_inserter(events));
    }
    void settled(std::size_t count) override {
        calls.emplace_back("settled");
        settlements += count;
    }
    void stuck() override { calls.emplace_back("stuck"); }
};

struct store_harness {
    temporary_folder folder;
    queue_settings queue;
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
    recorded_commits listener;
    std::unique_ptr<store> box;

    explicit store_harness(bool opened = true) {
        queue.path = folder / "outbox.db";
        queue.disk_reserve = 0;
        if (opened) {
            open();
        }
    }
    ~store_harness() { box.reset(); }

    void make() {
        box = std::make_unique<store>(
            store_options{
                .queue = queue, .now = clocks, .random = [engine = std::mt19937_64(7)]() mutable { return engine(); }},
            io, io);
    }

    void open() {
        make();
        const auto totals = box->open();
        ASSERT_TRUE(totals) << totals.error().message;
        box->start(&listener);
    }

    template <class Condition>
    void run_until(Condition condition) {
        while (!condition()) {
            ASSERT_GT(io.run_one_for(std::chrono::seconds{60}), 0U) << "nothing came for a minute";
        }
    }

    // Appends, and waits for all the answers.
    std::vector<result<uuid, refusal>> append(std::vector<event> events) {
        std::vector<result<uuid, refusal>> answers;
        for (auto& one : events) {
            box->append(std::move(one), [&answers](result<uuid, refusal> answer) { answers.push_back(answer); });
        }
        run_until([&] { return answers.size() == events.size(); });
        return answers;
    }
    result<uuid, refusal> append() { return append({ticket()}).at(0); }

    template <class Answer, class Ask>
    Answer ask(Ask ask_store) {
        std::optional<Answer> answer;
        ask_store([&answer](Answer got) { answer = std::move(got); });
        run_until([&] { return answer.has_value(); });
        return std::move(*answer);
    }

    page fetch(page_request request = {}) {
        return ask<page>([&](auto reply) { box->fetch(request, reply); });
    }
    store_status status() {
        return ask<store_status>([&](auto reply) { box->status(reply); });
    }
    std::optional<event_facts> find(uuid id) {
        return ask<std::optional<event_facts>>([&](auto reply) { box->find(id, reply); });
    }
};

}  // namespace posthaste
