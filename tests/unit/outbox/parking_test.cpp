// What is parked: how long, up to where, and how its lanes are found again.

#include <gmock/gmock.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Counts the steps of every database that is opened while this is there.
struct sqlite_steps {
    static inline std::size_t taken = 0;

    sqlite_steps() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watch)); }
    ~sqlite_steps() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&watch)); }

    static int watch(sqlite3* opened, char** /*error*/, const void* /*api*/) {
        sqlite3_progress_handler(opened, 1, &count, nullptr);
        return SQLITE_OK;
    }
    static int count(void* /*unused*/) {
        ++taken;
        return 0;
    }
};

class parking_test : public testing::Test {
  protected:
    void work(std::vector<parked_event> parkings, std::optional<sequence> mark,
              std::vector<parked_event> unparkings = {}) {
        batch one;
        one.parkings = std::move(parkings);
        one.mark = mark;
        one.unparkings = std::move(unparkings);
        t.commit(one);
    }

    parked_lanes lanes(parked_lanes_request request = {}) {
        batch one;
        one.reads.emplace_back(std::move(request));
        return std::get<parked_lanes>(t.commit(one).reads.at(0));
    }

    std::vector<sequence> taken(const std::string& user) {
        return numbers_of(t.take({.user_id = user, .below = max_sequence}).events);
    }

    // Past the outbox, which is closed.
    std::int64_t rows() {
        t.box.reset();
        sqlite_connection database;
        EXPECT_TRUE(database.open(t.queue.path));
        const auto counted = database.integer("SELECT count(*) FROM parked").value();
        database.close();
        t.open();
        return counted;
    }

    temporary_outbox t;
};

TEST_F(parking_test, lasts_until_the_event_is_settled_and_over_a_restart) {
    t.append(3);
    work({{"1", 1}, {"1", 3}}, 3);
    EXPECT_THAT(taken("1"), ElementsAre(1, 3));
    t.reopen();
    EXPECT_THAT(taken("1"), ElementsAre(1, 3));
    EXPECT_THAT(taken("1"), ElementsAre(1, 3)) << "reading takes nothing away";
    t.settle({delivered(1, t.now)});
    work({}, std::nullopt, {{"1", 1}});
    EXPECT_THAT(taken("1"), ElementsAre(3));
    EXPECT_EQ(rows(), 1);
}

TEST_F(parking_test, of_an_event_that_is_gone_is_passed_over_and_goes) {
    t.append(4);
    work({{"1", 1}, {"1", 2}, {"1", 3}, {"1", 4}}, 4);
    t.settle({delivered(1, t.now), dead(3, t.now)});  // and a crash before they could be taken out
    EXPECT_THAT(taken("1"), ElementsAre(2, 4));
    EXPECT_EQ(rows(), 2);
}

TEST_F(parking_test, beyond_the_mark_goes_when_a_page_of_a_later_run_hands_its_events_out) {
    t.append(4);
    work({{"1", 1}, {"1", 3}, {"1", 4}}, 2);
    t.reopen();
    EXPECT_THAT(numbers_of(t.read({.after = 2}).events), ElementsAre(3, 4));
    EXPECT_THAT(taken("1"), ElementsAre(1));
    t.park({{"1", 3}, {"1", 3}});
    EXPECT_THAT(numbers_of(t.read({.after = 4}).events), IsEmpty());
    EXPECT_THAT(taken("1"), ElementsAre(1, 3));
}

TEST_F(parking_test, of_a_row_that_is_damaged_stays_until_the_row_is_buried) {
    t.append(2);
    work({{"1", 1}, {"1", 2}}, 2);
    t.box.reset();
    alter(t.queue.path, "UPDATE events SET body = x'00' WHERE seq = 1");
    t.open();
    EXPECT_THAT(t.take({.user_id = "1", .below = 9}).damaged, ElementsAre(1));
    EXPECT_THAT(t.take({.user_id = "1", .below = 9}).damaged, ElementsAre(1)) << "a crash loses no way to it";
    t.settle({dead(1, t.now, death_reason::damaged)});
    EXPECT_THAT(t.take({.user_id = "1", .below = 9}).damaged, IsEmpty());
    EXPECT_EQ(rows(), 1);
}

TEST_F(parking_test, mark_stays_and_only_moves_forward) {
    EXPECT_EQ(lanes().mark, 0U);
    t.append(9);
    work({}, 5);
    EXPECT_EQ(lanes().mark, 5U);
    t.reopen();
    EXPECT_EQ(lanes().mark, 5U);
    work({}, 3);
    t.reopen();
    EXPECT_EQ(lanes().mark, 5U);
}

TEST_F(parking_test, mark_beyond_all_events_is_damage) {
    t.append(3);
    work({}, 3);
    t.reopen();
    t.box.reset();
    alter(t.queue.path, "UPDATE meta SET parked_to = 4");
    EXPECT_FALSE(outbox::open(t.queue, t.now));
}

TEST_F(parking_test, finds_each_lane_that_has_events_up_to_the_mark) {
    t.append(12);
    work({{"b", 2}, {"a", 1}, {"a", 5}, {"a", 7}, {"d", 9}, {"c", 8}, {"", 3}, {"ab", 6}}, 8);
    t.reopen();
    const auto found = lanes();
    EXPECT_THAT(found.user_ids, ElementsAre("", "a", "ab", "b", "c")) << "all of d's lie beyond the mark";
    EXPECT_TRUE(found.reached_end);
    EXPECT_EQ(found.mark, 8U);
}

TEST_F(parking_test, finds_lanes_in_slices) {
    t.append(7);
    work({{"a", 1}, {"a", 2}, {"b", 7}, {"c", 3}, {"c", 4}, {"d", 5}}, 6);
    std::vector<std::string> all;
    parked_lanes found;
    std::size_t slices = 0;
    do {
        found = lanes({.after = found.last, .max_lanes = 1});
        EXPECT_LE(found.user_ids.size(), 1U);
        all.insert(all.end(), found.user_ids.begin(), found.user_ids.end());
        ++slices;
    } while (!found.reached_end);
    EXPECT_THAT(all, ElementsAre("a", "c", "d"));
    EXPECT_EQ(slices, 5U);
}

TEST_F(parking_test, lanes_are_found_without_a_look_at_all_that_is_parked) {
    constexpr sequence each = 50'000;
    std::vector<parked_event> rows;
    for (const char* user : {"a", "b", "c"})
        for (sequence number = 1; number <= each; ++number)
            rows.push_back({user, number});
    t.append(1);
    work(std::move(rows), 1);
    t.box.reset();
    sqlite_steps counted;
    t.open();
    sqlite_steps::taken = 0;
    EXPECT_THAT(lanes().user_ids, ElementsAre("a", "b", "c"));
    EXPECT_LT(sqlite_steps::taken, 500U) << "of SQLite's machine";
}

}  // namespace
}  // namespace posthaste
