#include <gmock/gmock.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

std::int64_t count(const std::string& path, const char* sql) {
    sqlite_connection database;
    if (!database.open(path)) {
        return -1;
    }
    return database.integer(sql).value();
}

TEST(retention, forgets_a_delivered_event_after_keep_delivered) {
    temporary_outbox t;
    t.queue.keep_delivered = seconds{60};
    t.reopen();
    const auto stored = t.append(ticket());
    t.settle({delivered(1, t.now)});
    EXPECT_EQ(t.box->next_trim().value(), t.now + seconds{60});
    t.now += milliseconds{59'999};
    EXPECT_TRUE(t.find(stored.id));
    t.now += milliseconds{1};
    EXPECT_FALSE(t.find(stored.id)) << "not shown any more, even where the row is still there";
    batch nothing;
    t.commit(nothing);
    EXPECT_FALSE(t.box->next_trim().value());
    EXPECT_EQ(t.box->totals().delivered, 1U) << "the totals remember";
    EXPECT_TRUE(closes(t.box->totals()));
    t.box.reset();
    EXPECT_EQ(count(t.queue.path, "SELECT ifnull(sum(events), 0) FROM delivered_runs"), 0);
    EXPECT_EQ(count(t.queue.path, "SELECT delivered_kept FROM meta"), 0);
}

TEST(retention, keeps_nothing_at_zero) {
    temporary_outbox t;
    t.queue.keep_delivered = milliseconds{0};
    t.reopen();
    const auto stored = t.append(ticket());
    t.settle({delivered(1, t.now)});
    EXPECT_FALSE(t.find(stored.id));
    t.box.reset();
    EXPECT_EQ(count(t.queue.path, "SELECT ifnull(sum(events), 0) FROM delivered_runs"), 0);
}

TEST(retention, keeps_the_latest_hundred_thousand) {
    temporary_outbox t;
    t.now += seconds{1};
    constexpr std::size_t step = 2'000;
    constexpr std::size_t over = 5 * step;
    std::vector<uuid> early;
    for (std::size_t done = 0; done < max_delivered_kept + over; done += step) {
        batch work;
        work.appends.resize(step);
        for (auto& one : work.appends) {
            one.what.name = "x";
        }
        t.commit(work);
        std::vector<settlement> settled;
        for (const auto& one : work.appends) {
            settled.push_back(delivered(one.number, t.now));
        }
        if (done == over) {
            early.push_back(work.appends.front().id);
        } else if (done + step == over) {
            early.push_back(work.appends.back().id);
        }
        t.settle(settled);
    }
    EXPECT_FALSE(t.find(early.at(0)));
    EXPECT_TRUE(t.find(early.at(1)));
    t.append(1);
    t.settle({delivered(max_delivered_kept + over + 1, t.now)});
    EXPECT_FALSE(t.find(early.at(1))) << "goes with its run";
    const std::int64_t most = max_delivered_kept + 1 - facts_run::most_events;
    t.box.reset();
    EXPECT_EQ(count(t.queue.path, "SELECT ifnull(sum(events), 0) FROM delivered_runs"), most);
    EXPECT_EQ(count(t.queue.path, "SELECT delivered_kept FROM meta"), most);
}

}  // namespace
}  // namespace posthaste
