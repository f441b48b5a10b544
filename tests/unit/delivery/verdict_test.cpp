#include "lib/delivery/verdict.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

void expect_all(std::initializer_list<int> statuses, verdict meaning, const verdict_facts& facts = {}) {
    for (const int status : statuses)
        EXPECT_EQ(judge(status, facts, {}), meaning) << status;
}

TEST(verdict, a_2xx_delivers) {
    expect_all({200, 201, 202, 204, 299}, verdict::delivered);
}

TEST(verdict, trouble_of_the_upstream_is_a_retry) {
    expect_all({408, 421, 425, 429, 500, 501, 502, 503, 504, 507, 599}, verdict::retry);
}

TEST(verdict, no_answer_is_a_retry) {
    EXPECT_EQ(judge(std::nullopt, {}, {}), verdict::retry);
}

TEST(verdict, a_status_that_http_does_not_know_is_a_retry) {
    expect_all({0, 101, 199, 600, 999}, verdict::retry);
}

TEST(verdict, a_refused_key_pauses) {
    expect_all({401, 402, 407}, verdict::pause);
}

TEST(verdict, a_redirect_pauses_and_is_never_a_delivery) {
    expect_all({300, 301, 302, 303, 304, 307, 308, 399}, verdict::pause);
}

TEST(verdict, a_wrong_url_or_a_refused_account_pauses) {
    expect_all({403, 404, 405}, verdict::pause);
}

TEST(verdict, the_same_answers_reject_the_event_once_something_was_delivered) {
    expect_all({403, 404, 405}, verdict::dead, {.reached_before = true});
    expect_all({401, 402, 407, 302}, verdict::pause, {.reached_before = true});
}

TEST(verdict, the_configuration_has_the_last_word_on_a_status) {
    const std::map<int, verdict> given{
        {409, verdict::delivered}, {404, verdict::retry}, {422, verdict::pause}, {500, verdict::dead}};
    EXPECT_EQ(judge(409, {}, given), verdict::delivered);
    EXPECT_EQ(judge(404, {.reached_before = true}, given), verdict::retry);
    EXPECT_EQ(judge(422, {}, given), verdict::pause);
    EXPECT_EQ(judge(500, {}, given), verdict::dead);
    EXPECT_EQ(judge(400, {}, given), verdict::dead);
    EXPECT_EQ(judge(std::nullopt, {}, given), verdict::retry);
}

TEST(verdict, a_429_holds_and_so_does_a_503_that_names_a_time) {
    const attempt_outcome throttled{429, ""};
    const attempt_outcome overloaded{503, ""};
    const attempt_outcome overloaded_for_a_while{503, "", seconds{7}};
    const attempt_outcome broken_for_a_while{500, "", seconds{7}};
    EXPECT_TRUE(is_hold(throttled, verdict::retry));
    EXPECT_FALSE(is_hold(throttled, verdict::dead)) << "the configuration says otherwise";
    EXPECT_FALSE(is_hold(overloaded, verdict::retry));
    EXPECT_TRUE(is_hold(overloaded_for_a_while, verdict::retry));
    EXPECT_FALSE(is_hold(broken_for_a_while, verdict::retry));
    EXPECT_FALSE(is_hold({std::nullopt, "timeout"}, verdict::retry));
}

TEST(verdict, every_other_4xx_is_dead) {
    for (int status = 400; status < 500; ++status) {
        switch (status) {
            case 401:
            case 402:
            case 403:
            case 404:
            case 405:
            case 407:
            case 408:
            case 409:
            case 421:
            case 425:
            case 429:
                break;
            default:
                EXPECT_EQ(judge(status, {}, {}), verdict::dead) << status;
        }
    }
}

TEST(verdict, the_third_conflict_in_a_row_delivers) {
    EXPECT_EQ(judge(409, {0}, {}), verdict::retry);
    EXPECT_EQ(judge(409, {1}, {}), verdict::retry);
    EXPECT_EQ(judge(409, {2}, {}), verdict::delivered);
    EXPECT_EQ(judge(409, {3}, {}), verdict::delivered);
}

TEST(verdict, earlier_conflicts_change_no_other_answer) {
    EXPECT_EQ(judge(503, {2}, {}), verdict::retry);
    EXPECT_EQ(judge(400, {2}, {}), verdict::dead);
    EXPECT_EQ(judge(std::nullopt, {2}, {}), verdict::retry);
}

}  // namespace
}  // namespace posthaste
