#include "lib/delivery/verdict.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

void expect_all(std::initializer_list<int> statuses, verdict meaning) {
    for (const int status : statuses)
        EXPECT_EQ(judge(status, 0), meaning) << status;
}

TEST(verdict, a_2xx_delivers) {
    expect_all({200, 201, 202, 204, 299}, verdict::delivered);
}

TEST(verdict, trouble_of_the_upstream_is_a_retry) {
    expect_all({408, 421, 425, 429, 500, 501, 502, 503, 504, 507, 599}, verdict::retry);
}

TEST(verdict, no_answer_is_a_retry) {
    EXPECT_EQ(judge(std::nullopt, 0), verdict::retry);
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
                EXPECT_EQ(judge(status, 0), verdict::dead) << status;
        }
    }
}

TEST(verdict, the_third_conflict_in_a_row_delivers) {
    EXPECT_EQ(judge(409, 0), verdict::retry);
    EXPECT_EQ(judge(409, 1), verdict::retry);
    EXPECT_EQ(judge(409, 2), verdict::delivered);
    EXPECT_EQ(judge(409, 3), verdict::delivered);
}

TEST(verdict, earlier_conflicts_change_no_other_answer) {
    EXPECT_EQ(judge(503, 2), verdict::retry);
    EXPECT_EQ(judge(400, 2), verdict::dead);
    EXPECT_EQ(judge(std::nullopt, 2), verdict::retry);
}

}  // namespace
}  // namespace posthaste
