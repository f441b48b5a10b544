// Idempotency keys through a recovery: one that is kept answers as before, one whose events are lost lets them in.

#include <set>

#include "tests/unit/outbox/damaged_file.hpp"

namespace posthaste {
namespace {

using kind = submission_outcome::kind;

struct outbox_with_keys : damaged_file {
    submission_outcome submit(std::uint8_t which, std::size_t events = 1) {
        submission all{.events = {}, .key = idempotency{}};
        all.key->key[0] = which;
        all.key->request[5] = which;
        for (std::size_t n = 0; n < events; ++n) {
            all.events.emplace_back().what = ticket("1", std::string(1500, static_cast<char>('a' + n)));
        }
        batch work;
        work.submissions.push_back(std::move(all));
        return commit(work).submissions.at(0);
    }

    void continue_with_what_was_recovered() {
        queue.path = recovered;
        reopen();
    }
};

TEST(recovery_of_keys, keeps_those_of_pending_dead_and_delivered_events) {
    outbox_with_keys t;
    std::map<std::uint8_t, uuid> first;
    for (const std::uint8_t which : {1, 2, 3}) {
        first[which] = t.submit(which, 3).told.first;
    }
    t.settle({delivered(4, t.now), delivered(5, t.now), dead(7, t.now)});
    const auto totals = t.box->totals();
    t.close_whole();
    const auto report = t.recover_some();
    EXPECT_EQ(report.keys.saved, 3U);
    EXPECT_TRUE(report.complete());
    t.continue_with_what_was_recovered();
    EXPECT_EQ(t.box->totals(), totals);
    for (const auto& [which, id] : first) {
        const auto again = t.submit(which, 3);
        ASSERT_EQ(again.what, kind::replayed);
        EXPECT_EQ(again.told.first, id);
        EXPECT_EQ(again.told.events, 3U);
    }
    EXPECT_EQ(t.submit(9).what, kind::stored);
}

TEST(recovery_of_keys, drops_those_of_events_that_are_lost) {
    outbox_with_keys t;
    for (std::uint8_t which = 1; which <= 20; ++which) {
        t.submit(which, 2);
    }
    t.close_whole();
    const auto [leaf, numbers] = t.leaves_of("events").at(3);
    t.destroy_page(leaf.page);
    std::set<std::int64_t> lost;
    for (const auto number : numbers) {
        lost.insert((number + 1) / 2);
    }
    ASSERT_GE(lost.size(), 1U);
    const auto report = t.recover_some();
    EXPECT_EQ(report.keys.saved, 20 - lost.size());
    EXPECT_EQ(report.keys_dropped, lost.size());
    EXPECT_EQ(report.keys.damaged, 0U);
    EXPECT_FALSE(report.complete());
    t.continue_with_what_was_recovered();
    for (std::uint8_t which = 1; which <= 20; ++which) {
        EXPECT_EQ(t.submit(which, 2).what, lost.contains(which) ? kind::stored : kind::replayed) << int{which};
    }
}

// What is kept of delivered, discarded and purged events has an end, which is no loss.
TEST(recovery_of_keys, keeps_those_of_events_that_were_gone_before_whatever_other_table_is_damaged) {
    for (const std::string damaged : {"", "meta", "delivered_runs", "retries"}) {
        SCOPED_TRACE(damaged);
        outbox_with_keys t;
        t.queue.keep_delivered = milliseconds{0};
        t.reopen();
        for (std::uint8_t which = 1; which <= 5; ++which) {
            t.submit(which, 2);
        }
        for (sequence number = 3; number <= 10; ++number) {
            t.settle({delivered(number, t.now)});
        }
        ASSERT_FALSE(t.find(t.submit(5, 2).told.first)) << "its facts are kept";
        t.close_whole();
        if (!damaged.empty()) {
            t.destroy_page(t.root_of(damaged));
        }
        const auto report = t.recover_some();
        EXPECT_EQ(report.pending.saved, 2U);
        EXPECT_EQ(report.keys.saved, 5U);
        EXPECT_EQ(report.keys_dropped, 0U);
        EXPECT_EQ(report.complete(), damaged.empty());
        t.continue_with_what_was_recovered();
        for (std::uint8_t which = 1; which <= 5; ++which) {
            EXPECT_EQ(t.submit(which, 2).what, kind::replayed) << int{which};
        }
        const auto next = t.submit(9);  // whose number no key has
        EXPECT_EQ(next.what, kind::stored);
        EXPECT_GT(sequence_of(next.told.first), 10U);
    }
}

TEST(recovery_of_keys, drops_those_of_missing_events_where_any_may_be_lost) {
    for (const std::string loss : {"a damaged row", "a row without a trace", "the log"}) {
        SCOPED_TRACE(loss);
        outbox_with_keys t;
        t.queue.keep_delivered = milliseconds{0};
        t.reopen();
        for (const std::uint8_t which : {1, 2, 3}) {
            t.submit(which);
        }
        t.settle({delivered(1, t.now)});
        t.close_whole();
        if (loss == "the log") {
            std::ofstream(t.queue.path + "-wal", std::ios::binary) << std::string(9000, 'x');
        } else {
            alter(t.queue.path, loss == "a damaged row" ? "UPDATE events SET body = x'00' WHERE seq = 2"
                                                        : "DELETE FROM events WHERE seq = 2");
        }
        const auto report = t.recover_some();
        EXPECT_EQ(report.keys_dropped, loss == "the log" ? 1U : 2U);
        EXPECT_EQ(report.keys.saved, loss == "the log" ? 2U : 1U);
        EXPECT_FALSE(report.complete());
    }
}

TEST(recovery_of_keys, does_not_take_those_that_are_damaged_or_cannot_be_read) {
    for (const char* change :
         {"key = x'00'", "request = x'00'", "first_id = zeroblob(16)", "events = 0", "events = 3", "seq = 77"}) {
        outbox_with_keys t;
        t.submit(1);
        t.submit(2);
        t.close_whole();
        alter(t.queue.path, "UPDATE idempotency_keys SET " + std::string(change) + " WHERE seq = 1");
        const auto report = t.recover_some();
        EXPECT_EQ(report.keys.damaged, 1U) << change;
        EXPECT_EQ(report.keys.saved, 1U) << change;
        EXPECT_EQ(report.pending.saved, 2U) << change;
        EXPECT_FALSE(report.complete()) << change;
        t.destroy_page(t.root_of("idempotency_keys"));
        EXPECT_EQ(t.recover_some().keys.unreadable.size(), 1U);
        t.continue_with_what_was_recovered();
        EXPECT_EQ(t.submit(2).what, kind::stored);
    }
}

}  // namespace
}  // namespace posthaste
