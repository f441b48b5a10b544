#include "lib/sandbox/faults.hpp"

#include <deque>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

using kind = fault_decision::kind;

constexpr std::uint64_t lowest = 0;
constexpr std::uint64_t highest = ~std::uint64_t{0};

// Hands out the given numbers, in order: for fail, drop, close and the jitter.
fault_decision decide_with(const fault_settings& faults, std::deque<std::uint64_t> numbers) {
    return decide_fault(faults, [&numbers] {
        const std::uint64_t next = numbers.front();
        numbers.pop_front();
        return next;
    });
}

std::string problems_of(std::string_view json) {
    const auto read = parse_faults(json);
    if (read) return "";
    std::string all;
    for (const auto& problem : read.error())
        all += problem + "\n";
    return all;
}

TEST(faults, do_nothing_by_default) {
    const auto decided = decide_with({}, {lowest, lowest, lowest, lowest});
    EXPECT_EQ(decided.what, kind::none);
    EXPECT_EQ(decided.delay, milliseconds{0});
}

TEST(faults, at_a_rate_of_one_always_happen) {
    fault_settings faults;
    faults.fail_rate = 1;
    EXPECT_EQ(decide_with(faults, {highest, highest, highest, 0}).what, kind::fail);
    faults = {};
    faults.drop_rate = 1;
    EXPECT_EQ(decide_with(faults, {highest, highest, highest, 0}).what, kind::drop);
    faults = {};
    faults.close_rate = 1;
    EXPECT_EQ(decide_with(faults, {highest, highest, highest, 0}).what, kind::close);
}

TEST(faults, are_drawn_one_by_one_and_fail_wins_over_drop_over_close) {
    fault_settings faults;
    faults.fail_rate = faults.drop_rate = faults.close_rate = 0.5;
    EXPECT_EQ(decide_with(faults, {lowest, lowest, lowest, 0}).what, kind::fail);
    EXPECT_EQ(decide_with(faults, {highest, lowest, lowest, 0}).what, kind::drop);
    EXPECT_EQ(decide_with(faults, {highest, highest, lowest, 0}).what, kind::close);
    EXPECT_EQ(decide_with(faults, {highest, highest, highest, 0}).what, kind::none);
}

TEST(faults, meet_their_rate_over_many_requests) {
    fault_settings faults;
    faults.fail_rate = 0.1;
    std::mt19937_64 engine(7);
    int failed = 0;
    for (int i = 0; i < 10'000; ++i)
        failed += decide_fault(faults, [&] { return engine(); }).what == kind::fail;
    EXPECT_GT(failed, 900);
    EXPECT_LT(failed, 1100);
}

TEST(faults, delay_by_the_latency_give_or_take_the_jitter) {
    fault_settings faults;
    faults.latency = milliseconds{50};
    faults.jitter = milliseconds{20};
    EXPECT_EQ(decide_with(faults, {0, 0, 0, 0}).delay, milliseconds{30});
    EXPECT_EQ(decide_with(faults, {0, 0, 0, 20}).delay, milliseconds{50});
    EXPECT_EQ(decide_with(faults, {0, 0, 0, 40}).delay, milliseconds{70});
    EXPECT_EQ(decide_with(faults, {0, 0, 0, 41}).delay, milliseconds{30});
}

TEST(faults, never_delay_by_less_than_nothing) {
    fault_settings faults;
    faults.latency = milliseconds{5};
    faults.jitter = milliseconds{20};
    EXPECT_EQ(decide_with(faults, {0, 0, 0, 0}).delay, milliseconds{0});
}

TEST(faults, are_read_from_json_with_every_member) {
    const auto read = parse_faults(R"({"fail_rate": 0.1, "status": 429, "retry_after": 2, "latency": "50ms",
                                       "jitter": "20ms", "drop_rate": 0.01, "close_rate": 1})");
    ASSERT_TRUE(read);
    EXPECT_DOUBLE_EQ(read->fail_rate, 0.1);
    EXPECT_EQ(read->status, 429u);
    EXPECT_EQ(read->retry_after, seconds{2});
    EXPECT_EQ(read->latency, milliseconds{50});
    EXPECT_EQ(read->jitter, milliseconds{20});
    EXPECT_DOUBLE_EQ(read->drop_rate, 0.01);
    EXPECT_DOUBLE_EQ(read->close_rate, 1);
}

TEST(faults, left_out_are_at_their_defaults) {
    const auto read = parse_faults("{}");
    ASSERT_TRUE(read);
    EXPECT_EQ(faults_json(*read), faults_json({}));
}

TEST(faults, come_back_from_their_own_json_unchanged) {
    fault_settings faults;
    faults.fail_rate = 0.125;
    faults.status = 500;
    faults.retry_after = seconds{7};
    faults.latency = milliseconds{1500};
    faults.drop_rate = 1;
    const auto read = parse_faults(faults_json(faults));
    ASSERT_TRUE(read);
    EXPECT_EQ(faults_json(*read), faults_json(faults));
}

TEST(faults, tell_every_problem_at_once) {
    const std::string told = problems_of(R"({"fail_rat": 1, "drop_rate": 2, "status": 200, "latency": 50,
                                             "retry_after": -1, "close_rate": "often"})");
    EXPECT_NE(told.find("\"fail_rat\" is no fault (did you mean \"fail_rate\"?)"), std::string::npos) << told;
    EXPECT_NE(told.find("drop_rate: expected a number from 0 to 1"), std::string::npos) << told;
    EXPECT_NE(told.find("status: expected 400 to 599"), std::string::npos) << told;
    EXPECT_NE(told.find("latency: expected a duration such as"), std::string::npos) << told;
    EXPECT_NE(told.find("retry_after: expected 0 to 86400"), std::string::npos) << told;
    EXPECT_NE(told.find("close_rate: expected a number from 0 to 1"), std::string::npos) << told;
}

TEST(faults, refuse_what_is_no_object_and_no_json) {
    EXPECT_NE(problems_of("[]").find("expected an object"), std::string::npos);
    EXPECT_NE(problems_of("{\"fail_rate\": }").find("line 1, column"), std::string::npos);
    EXPECT_NE(problems_of(R"({"status": 99999999999})").find("status"), std::string::npos);
    EXPECT_NE(problems_of(R"({"latency": "11m"})").find("latency: expected at most 10m"), std::string::npos);
}

}  // namespace
}  // namespace posthaste
