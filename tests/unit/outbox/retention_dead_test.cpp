#include <gmock/gmock.h>

#include "lib/outbox/row_sum.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;

struct burying : temporary_outbox {
    // Appends so many events and buries them, one a second.
    void bury(std::size_t many) {
        for (const auto& one : append(many)) {
            now += seconds{1};
            settle({dead(one.number, now)});
        }
    }

    void go_on() {
        batch nothing;
        commit(nothing);
    }

    // The numbers of the dead, the newest first.
    std::vector<sequence> dead_numbers() {
        std::vector<sequence> numbers;
        for (const auto& one : box->list({.state = event_state::dead, .limit = 500}, now).value().events) {
            numbers.push_back(sequence_of(one.id));
        }
        return numbers;
    }
};

TEST(dead_retention, drops_a_dead_event_after_keep_dead) {
    burying t;
    t.queue.keep_dead = seconds{60};
    t.reopen();
    t.bury(2);
    EXPECT_EQ(t.box->next_trim().value(), t.now + seconds{59});
    t.now += milliseconds{58'999};
    t.go_on();
    EXPECT_THAT(t.dead_numbers(), ElementsAre(2, 1));
    t.now += milliseconds{1};
    t.go_on();
    EXPECT_THAT(t.dead_numbers(), ElementsAre(2));
    EXPECT_EQ(t.box->totals().purged, 1U);
    EXPECT_TRUE(closes(t.box->totals()));
    t.now += seconds{1};
    t.go_on();
    EXPECT_FALSE(t.box->next_trim().value());
    EXPECT_EQ(t.box->totals().bytes, 0U);
}

TEST(dead_retention, gives_the_dead_a_quarter_of_max_events_and_drops_those_that_died_first) {
    burying t;
    t.queue.max_events = 12;
    t.reopen();
    const auto stored = t.append(5);
    for (const sequence number : {4U, 1U, 3U, 2U, 5U}) {
        t.now += seconds{1};
        t.settle({dead(number, t.now)});
    }
    EXPECT_THAT(t.dead_numbers(), ElementsAre(5, 3, 2));
    EXPECT_FALSE(t.find(stored[3].id));
    EXPECT_EQ(t.box->totals().purged, 2U);
    EXPECT_TRUE(closes(t.box->totals()));
}

TEST(dead_retention, gives_the_dead_a_quarter_of_max_bytes) {
    burying t;
    t.queue.max_bytes = 4 * 3 * row_bytes(ticket());
    t.reopen();
    t.bury(3);
    EXPECT_THAT(t.dead_numbers(), ElementsAre(3, 2, 1));
    t.bury(1);
    EXPECT_THAT(t.dead_numbers(), ElementsAre(4, 3, 2));
    EXPECT_EQ(t.box->totals().bytes, 3 * row_bytes(ticket()));
    t.reopen();
    t.bury(1);
    EXPECT_THAT(t.dead_numbers(), ElementsAre(5, 4, 3)) << "what the dead weigh is known after a restart";
}

TEST(dead_retention, drops_many_in_small_slices) {
    burying t;
    t.queue.keep_dead = seconds{1000};
    t.reopen();
    t.bury(250);
    t.now += seconds{2000};
    t.go_on();
    EXPECT_EQ(t.box->totals().dead, 150U);
    t.go_on();
    EXPECT_EQ(t.box->next_trim().value().value() < t.now, true) << "there is more to do at once";
    t.go_on();
    EXPECT_EQ(t.box->totals().dead, 0U);
    EXPECT_EQ(t.box->totals().purged, 250U);
}

}  // namespace
}  // namespace posthaste
