#include <gmock/gmock.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using kind = submission_outcome::kind;

struct submitting : temporary_outbox {
    submission_outcome submit(submission what) {
        batch work;
        work.submissions.push_back(std::move(what));
        return commit(work).submissions.at(0);
    }

    static submission of(std::size_t events, std::optional<idempotency> key = std::nullopt) {
        submission all{.events = {}, .key = key};
        for (std::size_t n = 0; n < events; ++n) {
            all.events.emplace_back().what = ticket("1", "body " + std::to_string(n));
        }
        return all;
    }

    static idempotency key(std::uint8_t which, std::uint8_t request = 0) {
        idempotency made;
        made.key[0] = which;
        made.request[0] = request;
        return made;
    }
};

TEST(submission, stores_its_events_in_their_order_with_ids_that_follow_each_other) {
    submitting t;
    t.append(1);
    const auto outcome = t.submit(submitting::of(3));
    ASSERT_EQ(outcome.what, kind::stored);
    EXPECT_EQ(outcome.told.events, 3U);
    EXPECT_FALSE(outcome.told.replayed);
    const auto all = t.read().events;
    ASSERT_EQ(all.size(), 4U);
    for (std::size_t n = 0; n < 3; ++n) {
        EXPECT_EQ(all[n + 1].what.body, "body " + std::to_string(n));
        EXPECT_EQ(all[n + 1].id, following_id(outcome.told.first, n));
    }
}

TEST(submission, that_does_not_fit_as_a_whole_stores_nothing) {
    submitting t;
    t.queue.max_events = 4;
    t.reopen();
    t.append(2);
    EXPECT_EQ(t.submit(submitting::of(3)).what, kind::queue_full);
    EXPECT_EQ(t.box->totals().accepted, 2U);
    EXPECT_EQ(t.submit(submitting::of(2)).what, kind::stored);
}

TEST(submission, with_a_known_key_is_answered_with_the_first_ids_and_stores_nothing) {
    submitting t;
    const auto first = t.submit(submitting::of(2, submitting::key(7)));
    t.reopen();
    const auto again = t.submit(submitting::of(2, submitting::key(7)));
    ASSERT_EQ(again.what, kind::replayed);
    EXPECT_TRUE(again.told.replayed);
    EXPECT_EQ(again.told.first, first.told.first);
    EXPECT_EQ(again.told.events, 2U);
    EXPECT_EQ(t.box->totals().accepted, 2U);
    EXPECT_EQ(t.submit(submitting::of(2, submitting::key(8))).what, kind::stored);
}

TEST(submission, twice_in_one_commit_is_stored_once) {
    submitting t;
    batch work;
    for (int n = 0; n < 3; ++n) {
        work.submissions.push_back(submitting::of(1, submitting::key(7)));
    }
    const auto outcome = t.commit(work).submissions;
    EXPECT_EQ(outcome[0].what, kind::stored);
    EXPECT_EQ(outcome[1].what, kind::replayed);
    EXPECT_EQ(outcome[2].told.first, outcome[0].told.first);
    EXPECT_EQ(t.box->totals().accepted, 1U);
}

TEST(submission, with_a_known_key_and_another_request_is_refused) {
    submitting t;
    t.submit(submitting::of(1, submitting::key(7, 1)));
    EXPECT_EQ(t.submit(submitting::of(1, submitting::key(7, 2))).what, kind::key_reused);
    EXPECT_EQ(t.box->totals().accepted, 1U);
}

TEST(submission, with_a_key_of_the_day_before_is_stored_again) {
    submitting t;
    const auto first = t.submit(submitting::of(1, submitting::key(7)));
    t.now += std::chrono::hours{24} - milliseconds{1};
    EXPECT_EQ(t.submit(submitting::of(1, submitting::key(7))).what, kind::replayed);
    t.now += milliseconds{1};
    const auto second = t.submit(submitting::of(1, submitting::key(7)));
    ASSERT_EQ(second.what, kind::stored);
    EXPECT_NE(second.told.first, first.told.first);
    EXPECT_EQ(t.submit(submitting::of(1, submitting::key(7))).told.first, second.told.first);
    EXPECT_TRUE(closes(t.box->totals()));
}

TEST(submission, that_was_rolled_back_leaves_nothing) {
    submitting t;
    auto lost = submitting::of(1, submitting::key(7));
    receipt told;
    t.box->begin().value();
    ASSERT_EQ(t.box->submit(lost, told, t.now, 1).value(), outbox::submitted::stored);
    t.box->rollback();
    EXPECT_EQ(t.submit(submitting::of(1, submitting::key(7))).what, kind::stored);
    EXPECT_EQ(t.submit(submitting::of(1, submitting::key(7))).what, kind::replayed);
    EXPECT_EQ(t.read().events.size(), 1U);
}

TEST(submission, is_recalled_where_nothing_can_be_stored) {
    submitting t;
    const auto first = t.submit(submitting::of(1, submitting::key(7)));
    batch work;
    work.submissions.push_back(submitting::of(1, submitting::key(7)));
    work.submissions.push_back(submitting::of(1, submitting::key(8)));
    const auto outcome = commit_batch(*t.box, work, {.now = t.now, .refuse_appends = true, .random = t.random});
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->submissions[0].what, kind::replayed);
    EXPECT_EQ(outcome->submissions[0].told.first, first.told.first);
    EXPECT_EQ(outcome->submissions[1].what, kind::disk_full);
}

TEST(submission, keys_go_after_their_day_and_give_their_room_back) {
    submitting t;
    t.settle({});
    for (std::uint8_t n = 0; n < 5; ++n) {
        t.submit(submitting::of(1, submitting::key(n)));
    }
    std::vector<settlement> all;
    for (const auto number : t.pending()) {
        all.push_back(delivered(number, t.now));
    }
    t.settle(all);
    EXPECT_EQ(t.box->totals().bytes, 5 * key_table::row_bytes);
    EXPECT_LE(**t.box->next_trim(), t.now + std::chrono::hours{24});
    t.now += std::chrono::hours{24};
    batch nothing;
    t.commit(nothing);
    EXPECT_EQ(t.box->totals().bytes, 0U);
    EXPECT_EQ(t.box->totals().keys_dropped, 0U);
}

TEST(submission, keys_beyond_a_quarter_of_the_room_go_the_oldest_first_and_are_counted) {
    submitting t;
    t.queue.max_bytes = 16 * key_table::row_bytes;  // a quarter of it holds 4
    t.reopen();
    for (std::uint8_t n = 0; n < 5; ++n) {
        t.submit(submitting::of(1, submitting::key(n)));
        t.settle({delivered(t.pending().at(0), t.now)});
    }
    EXPECT_EQ(t.box->totals().keys_dropped, 1U);
    EXPECT_EQ(t.submit(submitting::of(1, submitting::key(1))).what, kind::replayed);
    EXPECT_EQ(t.submit(submitting::of(1, submitting::key(0))).what, kind::stored);
}

}  // namespace
}  // namespace posthaste
