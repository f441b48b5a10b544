#include <numeric>

#include <gmock/gmock.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;

std::vector<sequence> numbers_of(const list_page& page) {
    std::vector<sequence> numbers;
    for (const auto& one : page.events) {
        numbers.push_back(sequence_of(one.id));
    }
    return numbers;
}

// Six events: 1 delivered, 2 dead, 3 to 6 pending, of which 3 failed once; 4 and 6 are of another user.
struct listing : temporary_outbox {
    listing() {
        append({ticket("1"), ticket("1"), ticket("1"), ticket("2"), ticket("1"), ticket("2")});
        settle({delivered(1, now, 2), dead(2, now), failed(3, now)});
    }

    list_page list(const list_request& request = {}) { return box->list(request, now).value(); }
};

TEST(list, shows_every_state_the_newest_first) {
    listing t;
    const auto page = t.list();
    EXPECT_THAT(numbers_of(page), ElementsAre(6, 5, 4, 3, 2, 1));
    EXPECT_TRUE(page.reached_end);
    EXPECT_EQ(page.events[5].state, event_state::delivered);
    EXPECT_EQ(page.events[5].attempts, 2U);
    EXPECT_EQ(page.events[5].response_status, 200);
    EXPECT_EQ(page.events[4].state, event_state::dead);
    EXPECT_EQ(page.events[4].reason, death_reason::rejected);
    EXPECT_EQ(page.events[3].attempts, 1U);
    EXPECT_EQ(page.events[3].last_error->status, 503);
    EXPECT_TRUE(page.events[3].next_attempt_at);
    EXPECT_EQ(page.events[0].user_id, "2");
    for (const auto& one : page.events) {
        EXPECT_FALSE(one.body);
    }
}

TEST(list, filters_by_state_name_and_user) {
    listing t;
    auto other = ticket("2");
    other.name = "Other";
    t.append(other);
    EXPECT_THAT(numbers_of(t.list({.state = event_state::dead})), ElementsAre(2));
    EXPECT_THAT(numbers_of(t.list({.state = event_state::delivered})), ElementsAre(1));
    EXPECT_THAT(numbers_of(t.list({.state = event_state::pending})), ElementsAre(7, 6, 5, 4, 3));
    EXPECT_THAT(numbers_of(t.list({.user_id = "2"})), ElementsAre(7, 6, 4));
    EXPECT_THAT(numbers_of(t.list({.name = "Other"})), ElementsAre(7));
    EXPECT_THAT(numbers_of(t.list({.name = "Other", .user_id = "1"})), ElementsAre());
}

TEST(list, goes_on_below_the_last_that_it_looked_at) {
    listing t;
    const auto first = t.list({.limit = 4});
    EXPECT_THAT(numbers_of(first), ElementsAre(6, 5, 4, 3));
    EXPECT_FALSE(first.reached_end);
    t.append(1);                      // comes in front of the page
    t.settle({delivered(5, t.now)});  // behind us: not shown again
    t.settle({delivered(4, t.now)});
    const auto second = t.list({.before = first.last, .limit = 4});
    EXPECT_THAT(numbers_of(second), ElementsAre(2, 1));
    EXPECT_TRUE(second.reached_end);
}

TEST(list, looks_at_a_slice_only_and_says_where_it_stands) {
    temporary_outbox t;
    t.append(ticket("rare"));
    t.append(1'200);
    auto page = t.box->list({.user_id = "rare"}, t.now).value();
    EXPECT_TRUE(page.events.empty());
    EXPECT_FALSE(page.reached_end);
    EXPECT_EQ(page.last, 1'201U - 500 + 1);
    std::size_t pages = 1;
    while (!page.reached_end) {
        page = t.box->list({.user_id = "rare", .before = page.last}, t.now).value();
        ++pages;
    }
    EXPECT_EQ(pages, 3U);
    EXPECT_THAT(numbers_of(page), ElementsAre(1));
}

TEST(list, leaves_out_delivered_events_whose_time_is_over) {
    listing t;
    t.queue.keep_delivered = seconds{60};
    t.reopen();
    t.now += seconds{60};
    EXPECT_THAT(numbers_of(t.list({.state = event_state::delivered})), ElementsAre());
}

TEST(export_slice, gives_the_bodies_of_pending_and_dead_events_the_oldest_first) {
    listing t;
    const auto all = t.box->export_slice({}).value();
    std::vector<std::pair<sequence, event_state>> given;
    for (const auto& one : all.events) {
        given.emplace_back(sequence_of(one.id), one.state);
        EXPECT_EQ(one.what.body, ticket().body);
    }
    using enum event_state;
    EXPECT_THAT(given, ElementsAre(std::pair{2U, dead}, std::pair{3U, pending}, std::pair{4U, pending},
                                   std::pair{5U, pending}, std::pair{6U, pending}));
    EXPECT_TRUE(all.reached_end);
    EXPECT_EQ(t.box->export_slice({.state = dead}).value().events.size(), 1U);
    EXPECT_EQ(t.box->export_slice({.state = pending}).value().events.size(), 4U);
}

TEST(export_slice, is_bounded_in_bytes_of_bodies) {
    temporary_outbox t;
    t.append(std::vector<event>(10, ticket("1", std::string(1000, 'x'))));
    const auto slice = t.box->export_slice({.max_bytes = 2'500}).value();
    EXPECT_EQ(slice.events.size(), 3U);
    EXPECT_EQ(slice.last, 3U);
    EXPECT_FALSE(slice.reached_end);
    EXPECT_EQ(t.box->export_slice({.after = slice.last}).value().events.size(), 7U);
}

TEST(export_slice, looks_at_a_slice_of_rows_only_and_goes_on_behind_it) {
    temporary_outbox t;
    t.append(1'200);
    std::vector<std::size_t> sizes;
    std::vector<sequence> given;
    export_page slice;
    do {
        slice = t.box->export_slice({.after = slice.last}).value();
        sizes.push_back(slice.events.size());
        for (const auto& one : slice.events) {
            given.push_back(sequence_of(one.id));
        }
        EXPECT_EQ(slice.last, given.back());
    } while (!slice.reached_end && sizes.size() < 10);
    EXPECT_THAT(sizes, ElementsAre(500, 500, 200));
    std::vector<sequence> all(1'200);
    std::iota(all.begin(), all.end(), 1);
    EXPECT_EQ(given, all) << "each once";
}

TEST(export_slice, leaves_out_damaged_rows_and_counts_them) {
    temporary_outbox t;
    t.append(3);
    t.box.reset();
    alter(t.queue.path, "UPDATE events SET body = x'7b7d' WHERE seq = 2");
    t.open();
    const auto all = t.box->export_slice({}).value();
    EXPECT_EQ(all.events.size(), 2U);
    EXPECT_EQ(all.damaged, 1U);
}

}  // namespace
}  // namespace posthaste
