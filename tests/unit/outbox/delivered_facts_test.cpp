// What is kept of delivered events: many to a row, and each to be found.

#include <algorithm>
#include <filesystem>
#include <numeric>

#include <gmock/gmock.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct keeping : temporary_outbox {
    std::vector<uuid> ids{uuid{}};  // by number

    explicit keeping(std::size_t many) {
        for (const auto& one : append(many)) {
            ids.push_back(one.id);
        }
    }

    void deliver(sequence first, sequence last) {
        std::vector<settlement> what;
        for (auto number = first; number <= last; ++number) {
            what.push_back(delivered(number, now, static_cast<std::uint32_t>(number)));
        }
        settle(std::move(what));
    }

    // Those whose facts are there, and are their own.
    std::vector<sequence> found() {
        std::vector<sequence> numbers;
        for (sequence number = 1; number < ids.size(); ++number) {
            const auto facts = find(ids[number]);
            if (facts && facts->state == event_state::delivered) {
                EXPECT_EQ(facts->number, number);
                EXPECT_EQ(facts->attempts, number);
                numbers.push_back(number);
            }
        }
        return numbers;
    }

    // By listing, page by page.
    std::vector<sequence> listed(std::optional<event_state> state, std::size_t limit = 70) {
        std::vector<sequence> numbers;
        list_page page;
        page.last = max_sequence + 1;
        while (!page.reached_end) {
            page = box->list({.state = state, .before = page.last, .limit = limit}, now).value();
            for (const auto& one : page.events) {
                numbers.push_back(sequence_of(one.id));
            }
        }
        return numbers;
    }

    std::int64_t in_file(const char* sql) {
        box.reset();
        sqlite_connection database;
        const auto opened = database.open(queue.path);
        const auto value = opened ? database.integer(sql).value() : -1;
        database.close();
        open();
        return value;
    }
};

std::vector<sequence> from_to(sequence first, sequence last) {
    std::vector<sequence> numbers(last - first + 1);
    std::iota(numbers.begin(), numbers.end(), first);
    return numbers;
}

TEST(delivered_facts, stand_many_to_a_row_where_events_follow_each_other) {
    keeping t(600);
    t.deliver(1, 600);
    EXPECT_EQ(t.found(), from_to(1, 600));
    EXPECT_EQ(t.in_file("SELECT count(*) FROM delivered_runs"), 3);
    EXPECT_EQ(t.found(), from_to(1, 600)) << "after a restart, too";
}

TEST(delivered_facts, are_found_around_gaps_and_in_them) {
    keeping t(7);
    t.settle({delivered(5, t.now, 5), delivered(1, t.now, 1), delivered(2, t.now, 2), delivered(6, t.now, 6)});
    EXPECT_THAT(t.found(), ElementsAre(1, 2, 5, 6));
    t.settle({delivered(4, t.now, 4)});
    t.settle({delivered(3, t.now, 3)});
    EXPECT_EQ(t.found(), from_to(1, 6));
}

TEST(delivered_facts, are_none_of_what_was_not_pending) {
    keeping t(5);
    settlement gone = delivered(3, t.now);
    gone.what = settlement::kind::discarded;
    t.settle({gone});
    EXPECT_EQ(t.settle({delivered(1, t.now, 1), delivered(2, t.now, 2), delivered(3, t.now, 3), delivered(4, t.now, 4),
                        delivered(9, t.now, 9)}),
              2U);
    EXPECT_THAT(t.found(), ElementsAre(1, 2, 4));
    EXPECT_EQ(t.box->totals().delivered, 3U);
    EXPECT_TRUE(closes(t.box->totals()));
    EXPECT_EQ(t.in_file("SELECT delivered_kept FROM meta"), 3);
}

TEST(delivered_facts, are_none_of_a_transaction_that_was_rolled_back) {
    keeping t(2);
    ASSERT_TRUE(t.box->begin());
    const auto one = delivered(1, t.now, 1);
    ASSERT_TRUE(t.box->settle({&one, 1}));
    t.box->rollback();
    t.settle({delivered(2, t.now, 2)});
    EXPECT_THAT(t.found(), ElementsAre(2));
    EXPECT_EQ(t.box->totals().pending, 1U);
    EXPECT_EQ(t.in_file("SELECT delivered_kept FROM meta"), 1);
}

TEST(delivered_facts, are_not_kept_of_a_row_whose_id_is_none) {
    keeping t(3);
    t.box.reset();
    alter(t.queue.path, "UPDATE events SET id = x'00' WHERE seq = 2");
    t.open();
    t.deliver(1, 3);
    EXPECT_THAT(t.found(), ElementsAre(1, 3));
    EXPECT_EQ(t.box->totals().delivered, 3U);
    EXPECT_EQ(t.in_file("SELECT delivered_kept FROM meta"), 2);
}

// As where a page of an earlier time came back.
TEST(delivered_facts, replace_those_of_an_event_that_was_delivered_before) {
    keeping t(3);
    ASSERT_TRUE(t.box->checkpoint_whole());
    const auto earlier = t.folder / "earlier.db";
    std::filesystem::copy_file(t.queue.path, earlier);
    t.deliver(2, 2);
    t.box.reset();
    alter(t.queue.path,
          "ATTACH '" + earlier + "' AS earlier; INSERT INTO events SELECT * FROM earlier.events WHERE seq = 2");
    t.open();
    t.deliver(2, 2);
    EXPECT_THAT(t.found(), ElementsAre(2));
}

TEST(delivered_facts, are_listed_once_each_among_all_others) {
    keeping t(1'700);
    t.deliver(1, 300);
    t.deliver(601, 1'300);
    std::vector<sequence> all = from_to(1, 1'700);
    std::ranges::reverse(all);
    EXPECT_EQ(t.listed({}), all);
    EXPECT_EQ(t.listed({}, 1'000), all);
    std::erase_if(all, [](sequence number) { return number > 1'300 || (number > 300 && number < 601); });
    EXPECT_EQ(t.listed(event_state::delivered), all);
    EXPECT_EQ(t.listed(event_state::pending).size(), 700U);
    EXPECT_THAT(t.listed(event_state::dead), IsEmpty());
}

TEST(delivered_facts, each_end_with_their_own_time_and_go_with_the_last_of_their_run) {
    keeping t(3);
    t.queue.keep_delivered = seconds{60};
    t.reopen();
    t.settle({delivered(1, t.now, 1), delivered(2, t.now + seconds{30}, 2), delivered(3, t.now + seconds{5}, 3)});
    t.now += seconds{60};
    EXPECT_THAT(t.found(), ElementsAre(2, 3));
    EXPECT_THAT(t.listed(event_state::delivered), ElementsAre(3, 2));
    EXPECT_EQ(t.box->next_trim().value(), t.now + seconds{30});
    batch nothing;
    t.commit(nothing);
    EXPECT_EQ(t.in_file("SELECT count(*) FROM delivered_runs"), 1);
    t.now += seconds{30};
    t.commit(nothing);
    EXPECT_EQ(t.in_file("SELECT count(*) FROM delivered_runs"), 0);
}

TEST(delivered_facts, of_a_damaged_run_are_as_good_as_forgotten) {
    for (const char* change : {"crc = crc + 1", "facts = zeroblob(length(facts))", "facts = x''", "events = 1",
                               "events = 9223372036854775807", "events = -3"}) {
        SCOPED_TRACE(change);
        keeping t(12);
        t.deliver(1, 3);
        t.deliver(4, 6);
        t.deliver(7, 9);
        t.box.reset();
        alter(t.queue.path, std::string("UPDATE delivered_runs SET ") + change + " WHERE seq = 4");
        t.open();
        EXPECT_THAT(t.found(), ElementsAre(1, 2, 3, 7, 8, 9));
        EXPECT_THAT(t.listed({}, 2), ElementsAre(12, 11, 10, 9, 8, 7, 3, 2, 1));
        t.queue.keep_delivered = milliseconds{1};
        t.reopen();
        t.now += seconds{1};
        batch nothing;
        t.commit(nothing);
        EXPECT_EQ(t.in_file("SELECT count(*) FROM delivered_runs"), 0);
        EXPECT_EQ(t.in_file("SELECT delivered_kept FROM meta"), 0);
    }
}

TEST(delivered_facts, of_a_run_that_claims_to_hold_too_many_hide_no_others_and_repeat_none) {
    keeping t(450);
    t.deliver(1, 3);
    t.deliver(4, 450);
    t.box.reset();
    alter(t.queue.path, "UPDATE delivered_runs SET events = 9223372036854775807 WHERE seq = 1");
    t.open();
    auto all = from_to(4, 450);
    EXPECT_EQ(t.found(), all);
    std::ranges::reverse(all);
    EXPECT_EQ(t.listed({}, 1'000), all);
}

}  // namespace
}  // namespace posthaste
