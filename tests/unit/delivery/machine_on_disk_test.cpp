// The machine and the real outbox together, in turn: a long lane, and what a later run has to read again.

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "lib/delivery/delivery_machine.hpp"
#include "tests/unit/delivery/support.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

constexpr std::size_t of_one_user = 20'000;

class machine_on_disk_test : public ::testing::Test {
  protected:
    machine_on_disk_test() {
        rules.mark_interval = 2'000;
        box.append(std::vector<event>(of_one_user, ticket("hot")));
    }

    // As after a crash: nothing but what was committed is left.
    void begin() {
        work = {};
        running.clear();
        read = 0;
        box.reopen();
        machine.emplace(rules, [] { return std::uint64_t{1}; });
        happened(delivery_started{});
    }

    void happened(occurrence what) {
        for (action& next : machine->resume(clock.now(), std::move(what)))
            std::visit([this](auto& todo) { obey(todo); }, next);
    }

    void obey(settle_event& todo) { work.settlements.push_back(std::move(todo.what)); }
    void obey(remember_upstream&) {}
    void obey(report_upstream&) {}
    void obey(report_withdrawal&) {}
    void obey(report_death& /*todo*/) {}
    void obey(park_events& todo) { std::ranges::move(todo.events, std::back_inserter(work.parkings)); }
    void obey(mark_parked& todo) { work.mark = todo.through; }
    void obey(unpark_events& todo) { std::ranges::move(todo.events, std::back_inserter(work.unparkings)); }
    void obey(start_attempt& todo) { running.push_back(todo.place); }
    void obey(fetch_lane& todo) { work.reads.emplace_back(std::move(todo.what)); }
    void obey(fetch_page& todo) { work.reads.emplace_back(todo.what); }
    void obey(fetch_parked_lanes& todo) { work.reads.emplace_back(std::move(todo.what)); }
    void obey(wake_at& /*todo*/) {}

    void arrived(page& what) {
        read += what.events.size();
        happened(page_arrived{std::move(what)});
    }
    void arrived(lane_page& what) {
        read += what.events.size();
        happened(lane_page_arrived{std::move(what)});
    }
    void arrived(parked_lanes& what) { happened(parked_lanes_arrived{std::move(what)}); }

    // Answers what is in flight and commits what that led to; false when nothing is left to do.
    bool step() {
        const auto attempts = std::exchange(running, {});
        for (const slot place : attempts) {
            const auto& sent = machine->event(place);
            const bool hot = sent.what.user_id == "hot";
            (hot ? hot_sent : others_sent).push_back(sent.number);
            happened(attempt_ended{place, {hot ? hot_answer : 200, "why"}});
        }
        if (work.empty()) return !attempts.empty();
        batch next = std::exchange(work, {});
        auto done = box.commit(next);
        if (!next.settlements.empty()) happened(settlements_confirmed{next.settlements.size()});
        for (auto& answer : done.reads)
            std::visit([this](auto& what) { arrived(what); }, answer);
        return true;
    }

    testing::virtual_clock clock;
    delivery_rules rules;
    temporary_outbox box;
    std::optional<delivery_machine> machine;
    batch work;
    std::vector<slot> running;
    std::vector<sequence> hot_sent;
    std::vector<sequence> others_sent;
    int hot_answer = 200;
    std::size_t read = 0;
};

TEST_F(machine_on_disk_test, a_run_finds_the_newest_event_without_reading_what_an_earlier_one_parked) {
    hot_answer = 503;
    const auto first = box.append(ticket("ada"));
    begin();
    while (others_sent.empty())
        ASSERT_TRUE(step());
    EXPECT_EQ(others_sent, std::vector<sequence>{first.number});
    EXPECT_GT(read, of_one_user) << "the first run meets them all";

    others_sent.clear();
    const auto second = box.append(ticket("bob"));
    begin();
    while (others_sent.empty())
        ASSERT_TRUE(step());
    EXPECT_EQ(others_sent, std::vector<sequence>{second.number});
    EXPECT_LE(read, rules.mark_interval + 500 + rules.window.lane_events);
    EXPECT_EQ(hot_sent, std::vector<sequence>{1}) << "its wait is kept";
}

TEST_F(machine_on_disk_test, a_long_lane_is_sent_whole_and_in_order_over_crashes_and_leaves_nothing_parked) {
    for (int run = 0; run < 4; ++run) {
        begin();
        const std::size_t sent_before = hot_sent.size();
        while (run == 3 || hot_sent.size() < sent_before + 3'000)
            if (!step()) break;
    }
    EXPECT_EQ(box.box->totals().pending, 0U);
    std::size_t again = 0;
    for (std::size_t at = 1; at < hot_sent.size(); ++at) {
        again += hot_sent[at] <= hot_sent[at - 1] ? 1 : 0;
        ASSERT_LE(hot_sent[at], hot_sent[at - 1] + 1) << "one is left out";
    }
    EXPECT_LE(again, 3U) << "only what a crash cut off";
    EXPECT_EQ(hot_sent.back(), of_one_user);
    box.box.reset();
    sqlite_connection database;
    ASSERT_TRUE(database.open(box.queue.path));
    EXPECT_EQ(database.integer("SELECT count(*) FROM parked").value(), 0);
}

}  // namespace
}  // namespace posthaste
