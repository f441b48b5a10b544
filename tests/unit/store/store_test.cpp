#include "daemon/store/store.hpp"

#include <future>
#include <thread>

#include <gmock/gmock.h>

#include "lib/outbox/row_sum.hpp"
#include "tests/unit/outbox/failing_disk.hpp"
#include "tests/unit/store/store_harness.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(store, answers_an_append_with_the_id_of_the_stored_event) {
    store_harness h;
    const auto answer = h.append();
    ASSERT_TRUE(answer);
    const auto facts = h.find(*answer);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->body, ticket().body);
    EXPECT_EQ(h.status().totals.pending, 1U);
}

TEST(store, answers_only_after_the_commit_was_synced) {
    failing_disk disk;
    store_harness h;
    ASSERT_TRUE(h.append());
    const int before = failing_disk::syncs;
    ASSERT_TRUE(h.append());
    EXPECT_EQ(failing_disk::syncs, before + 1);
}

TEST(store, commits_what_waits_together) {
    failing_disk disk;
    store_harness h(false);
    h.make();
    ASSERT_TRUE(h.box->open());
    int answered = 0;
    for (int count = 0; count < 1000; ++count) {
        h.box->append(ticket(), [&answered](result<uuid, refusal> answer) { answered += answer ? 1 : 0; });
    }
    const int before = failing_disk::syncs;
    h.box->start(&h.listener);
    h.run_until([&] { return answered == 1000; });
    EXPECT_LE(failing_disk::syncs, before + 2) << "one for the batch, one at most for the log's new head";
}

TEST(store, tells_delivery_of_the_stored_events_whole_and_in_order) {
    store_harness h;
    ASSERT_THAT(h.append({ticket("a", "1"), ticket("b", "2"), ticket("a", "3")}), SizeIs(3));
    h.run_until([&] { return h.listener.events.size() == 3; });
    EXPECT_THAT(numbers_of(h.listener.events), ElementsAre(1, 2, 3));
    EXPECT_EQ(h.listener.events[1].what.body, "2");
    EXPECT_EQ(h.listener.events[1].what.user_id, "b");
}

TEST(store, tells_delivery_nothing_of_refused_events) {
    store_harness h(false);
    h.queue.max_events = 2;
    h.open();
    const auto answers = h.append({ticket(), ticket(), ticket()});
    EXPECT_TRUE(answers[1]);
    ASSERT_FALSE(answers[2]);
    EXPECT_EQ(answers[2].error(), refusal::queue_full);
    EXPECT_TRUE(h.status().queue_full);
    EXPECT_THAT(numbers_of(h.listener.events), ElementsAre(1, 2));
}

TEST(store, takes_other_settings_while_it_runs) {
    store_harness h;
    queue_settings other = h.queue;
    other.max_events = 1;
    h.box->reconfigure(other);
    (void)h.status();  // asked behind it
    const auto answers = h.append({ticket(), ticket()});
    EXPECT_TRUE(answers[0]);
    ASSERT_FALSE(answers[1]);
    EXPECT_EQ(answers[1].error(), refusal::queue_full);
    EXPECT_FALSE(h.status().disk_full);
    other.max_events = 10;
    other.disk_reserve = std::uint64_t{1} << 62;
    h.box->reconfigure(other);
    EXPECT_TRUE(h.status().disk_full);
    EXPECT_EQ(h.append().error(), refusal::disk_full);
    other.disk_reserve = 0;
    h.box->reconfigure(other);
    EXPECT_FALSE(h.status().disk_full);
    EXPECT_TRUE(h.append());
}

TEST(store, tells_how_many_settlements_are_durable_and_reads_after_them) {
    store_harness h;
    h.append({ticket(), ticket(), ticket()});
    h.box->settle(delivered(1, clocks().wall));
    h.box->settle(failed(2, clocks().wall));
    const auto got = h.fetch();
    EXPECT_THAT(numbers_of(got.events), ElementsAre(2, 3));
    EXPECT_TRUE(got.events[0].history);
    EXPECT_EQ(h.listener.settlements, 2U);
}

TEST(store, a_page_is_told_after_the_appends_it_was_read_behind) {
    store_harness h(false);
    h.make();
    ASSERT_TRUE(h.box->open());
    std::optional<page> got;
    h.box->fetch({}, [&](page what) {
        h.listener.calls.emplace_back("page");
        got = std::move(what);
    });
    h.box->append(ticket(), [](result<uuid, refusal>) {});
    h.box->start(&h.listener);
    h.run_until([&] { return got.has_value(); });
    EXPECT_THAT(h.listener.calls, ElementsAre("appended", "page"));
    EXPECT_THAT(got->events, SizeIs(1)) << "else its end would be no end";
}

TEST(store, gives_parked_events_back_by_lane) {
    store_harness h;
    h.append({ticket("a"), ticket("b"), ticket("a")});
    h.box->park({{"a", 1}, {"a", 3}});
    const auto got = h.ask<lane_page>([&](auto reply) { h.box->fetch_lane({.user_id = "a", .below = 4}, reply); });
    EXPECT_THAT(numbers_of(got.events), ElementsAre(1, 3));
}

TEST(store, tells_which_lanes_have_parked_events_up_to_the_mark) {
    store_harness h;
    h.append({ticket("a"), ticket("b"), ticket("c")});
    h.box->park({{"a", 1}, {"b", 2}, {"c", 3}});
    h.box->mark_parked(2);
    h.box->unpark({{"a", 1}});
    const auto found = h.ask<parked_lanes>([&](auto reply) { h.box->fetch_parked_lanes({}, reply); });
    EXPECT_THAT(found.user_ids, ElementsAre("b"));
    EXPECT_EQ(found.mark, 2U);
    EXPECT_TRUE(found.reached_end);
}

TEST(store, takes_more_parkings_than_one_commit_does) {
    store_harness h;
    h.append({ticket("a")});
    std::vector<parked_event> rows;
    for (sequence number = 1; number <= 10'000; ++number) {
        rows.push_back({"user " + std::to_string(number % 100), number});
    }
    h.box->park(std::move(rows));
    h.box->mark_parked(1);
    const auto found = h.ask<parked_lanes>([&](auto reply) { h.box->fetch_parked_lanes({}, reply); });
    EXPECT_THAT(found.user_ids, ElementsAre("user 1"));
}

TEST(store, replies_run_on_the_threads_that_own_them) {
    temporary_folder folder;
    boost::asio::io_context accept{1};
    boost::asio::io_context delivery{1};
    queue_settings queue;
    queue.path = folder / "outbox.db";
    store box({queue, clocks, [] { return std::uint64_t{1}; }}, accept, delivery);
    ASSERT_TRUE(box.open());
    struct where : commit_listener {
        std::promise<std::thread::id> told;
        void appended(std::vector<pending_event>, sequence) override { told.set_value(std::this_thread::get_id()); }
        void settled(std::size_t) override {}
        void stuck() override {}
    } listener;
    box.start(&listener);
    auto delivery_work = boost::asio::make_work_guard(delivery);
    std::thread delivering([&] { delivery.run(); });
    auto accept_work = boost::asio::make_work_guard(accept);
    std::thread::id answered_on;
    box.append(ticket(), [&](result<uuid, refusal>) {
        answered_on = std::this_thread::get_id();
        accept_work.reset();
    });
    accept.run();
    EXPECT_EQ(answered_on, std::this_thread::get_id());
    EXPECT_EQ(listener.told.get_future().get(), delivering.get_id());
    delivery_work.reset();
    delivering.join();
}

TEST(store, never_answers_from_within_the_call) {
    store_harness h;
    h.box->refuse_appends();
    bool answered = false;
    h.box->append(ticket(), [&](result<uuid, refusal> answer) {
        answered = true;
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error(), refusal::shutting_down);
    });
    EXPECT_FALSE(answered);
    h.run_until([&] { return answered; });
}

TEST(store, says_busy_when_more_waits_than_it_may_hold) {
    store_harness h(false);
    h.make();
    ASSERT_TRUE(h.box->open());
    std::vector<result<uuid, refusal>> answers;
    const std::string megabyte(1024 * 1024, 'x');
    for (int count = 0; count < 70; ++count) {
        h.box->append(ticket("1", megabyte), [&](result<uuid, refusal> answer) { answers.push_back(answer); });
    }
    h.run_until([&] { return answers.size() >= 7; });
    EXPECT_THAT(answers, SizeIs(7)) << "64 MiB wait for the store, the overheads of rows included";
    for (const auto& answer : answers) {
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error(), refusal::busy);
    }
    h.box->start(&h.listener);
    h.run_until([&] { return answers.size() == 70; });
    EXPECT_TRUE(answers.back());
}

TEST(store, stop_commits_and_answers_what_was_taken_and_empties_the_log) {
    store_harness h;
    int stored = 0;
    for (int count = 0; count < 100; ++count) {
        h.box->append(ticket(), [&](result<uuid, refusal> answer) { stored += answer ? 1 : 0; });
    }
    h.box->stop();
    EXPECT_EQ(std::filesystem::file_size(h.queue.path + "-wal"), 0U);
    h.run_until([&] { return stored == 100; });
    h.open();
    EXPECT_EQ(h.status().totals.pending, 100U);
}

TEST(store, a_disk_under_its_reserve_refuses_appends_but_settles) {
    store_harness h;
    h.append({ticket()});
    h.box.reset();
    h.queue.disk_reserve = std::uint64_t{1} << 60;
    h.open();
    const auto answer = h.append();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), refusal::disk_full);
    h.box->settle(delivered(1, clocks().wall));
    const auto status = h.status();
    EXPECT_TRUE(status.disk_full);
    EXPECT_EQ(status.totals.delivered, 1U);
}

TEST(store, copies_the_log_into_the_database_before_anybody_hears_that_the_disk_is_full) {
    failing_disk disk;
    store_harness h(false);
    h.queue.disk_reserve = std::uint64_t{1} << 60;
    h.open();
    const int before = failing_disk::syncs;
    ASSERT_FALSE(h.append());
    EXPECT_EQ(failing_disk::syncs, before + 2) << "of the log and of the database, and no commit";
}

TEST(store, settlements_that_a_full_disk_would_not_take_are_kept_until_it_does) {
    failing_disk disk;
    store_harness h;
    h.append({ticket(), ticket()});
    failing_disk::write_fault = SQLITE_FULL;
    h.box->settle(delivered(1, clocks().wall));
    const auto refused = h.append();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), refusal::disk_full);
    EXPECT_TRUE(h.status().disk_full);
    EXPECT_EQ(h.listener.settlements, 0U) << "not durable yet";
    h.box->settle(delivered(2, clocks().wall));
    failing_disk::write_fault = SQLITE_OK;
    h.run_until([&] { return h.listener.settlements == 2; });
    EXPECT_EQ(h.status().totals.delivered, 2U);
    EXPECT_TRUE(h.append()) << "by itself, without a restart";
}

TEST(store, says_at_once_that_a_full_disk_does_not_take_what_is_to_be_remembered_and_writes_it_later) {
    failing_disk disk;
    store_harness h;
    h.append({ticket()});
    failing_disk::write_fault = SQLITE_FULL;
    const upstream_memory paused{.paused = upstream_memory::pause::by_hand};
    EXPECT_FALSE(h.ask<bool>([&](auto reply) { h.box->remember(paused, reply); }));
    h.box->settle(delivered(1, clocks().wall));
    EXPECT_FALSE(h.ask<bool>([&](auto reply) { h.box->remember(paused, reply); })) << "nor behind settlements";
    failing_disk::write_fault = SQLITE_OK;
    h.run_until([&] { return h.listener.settlements == 1; });
    h.box.reset();
    h.make();
    ASSERT_TRUE(h.box->open());
    EXPECT_EQ(h.box->remembered(), paused);
}

TEST(store, keeps_the_write_ahead_log_short) {
    store_harness h;
    for (int round = 0; round < 40; ++round) {
        h.append(std::vector<event>(100, ticket("1", std::string(4000, 'x'))));
    }
    EXPECT_LT(std::filesystem::file_size(h.queue.path + "-wal"), 8U * 1024 * 1024);
}

TEST(store, reports_the_oldest_pending_event) {
    store_harness h;
    EXPECT_FALSE(h.status().oldest_pending);
    const auto before = clocks().wall;
    h.append();
    const auto oldest = h.status().oldest_pending;
    ASSERT_TRUE(oldest);
    EXPECT_GE(*oldest, before);
    EXPECT_LE(*oldest, clocks().wall);
}

}  // namespace
}  // namespace posthaste
