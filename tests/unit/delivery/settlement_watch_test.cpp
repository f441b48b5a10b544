#include "lib/delivery/settlement_watch.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

using kind = watched_end::kind;

struct settlement_watching : testing::Test {
    std::vector<watched_end> heard;
    settlement_watch watch{[this](watched_end how) { heard.push_back(std::move(how)); }};

    static pending_event event(sequence number, std::uint64_t by) {
        pending_event made;
        made.number = number;
        made.watch = by;
        return made;
    }
    static settlement settled(sequence number, settlement::kind what) {
        settlement made;
        made.number = number;
        made.what = what;
        made.status = 201;
        made.history.last_error = attempt_error{{}, 400, "no such ticket"};
        return made;
    }
};

TEST_F(settlement_watching, tells_of_a_delivery_with_the_answer_once) {
    watch.committed({event(1, 0), event(2, 77)}, true);
    EXPECT_FALSE(watch.wants(1));
    EXPECT_TRUE(watch.wants(2));
    watch.settled(settled(1, settlement::kind::delivered), {});
    EXPECT_TRUE(heard.empty());
    watch.settled(settled(2, settlement::kind::delivered), upstream_answer{"text/plain", "done"});
    watch.settled(settled(2, settlement::kind::delivered), upstream_answer{"text/plain", "again"});
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].watch, 77U);
    EXPECT_EQ(heard[0].what, kind::delivered);
    EXPECT_EQ(heard[0].status, 201);
    EXPECT_EQ(heard[0].answer.body, "done");
    EXPECT_EQ(heard[0].answer.content_type, "text/plain");
}

TEST_F(settlement_watching, waits_through_failures_and_tells_of_a_death) {
    watch.committed({event(5, 6)}, true);
    watch.settled(settled(5, settlement::kind::failed), {});
    EXPECT_TRUE(heard.empty());
    watch.settled(settled(5, settlement::kind::dead), {});
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].what, kind::dead);
    EXPECT_EQ(heard[0].last_error->message, "no such ticket");
}

TEST_F(settlement_watching, sends_everybody_away_while_the_upstream_is_not_up) {
    watch.committed({event(1, 11), event(2, 12)}, true);
    watch.upstream_down();
    EXPECT_EQ(heard.size(), 2U);
    watch.committed({event(3, 13)}, false);
    ASSERT_EQ(heard.size(), 3U);
    EXPECT_EQ(heard[2].watch, 13U);
    EXPECT_EQ(heard[2].what, kind::not_up);
    watch.settled(settled(3, settlement::kind::delivered), {});
    EXPECT_EQ(heard.size(), 3U);
}

TEST_F(settlement_watching, tells_nobody_who_left) {
    watch.committed({event(1, 11), event(2, 12)}, true);
    watch.forget(11);
    watch.settled(settled(1, settlement::kind::delivered), {});
    EXPECT_TRUE(heard.empty());
    EXPECT_TRUE(watch.wants(2));
}

}  // namespace
}  // namespace posthaste
