#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "daemon/commands/progress_bar.hpp"
#include "daemon/commands/upstream_words.hpp"

namespace posthaste {
namespace {

steady_time at(milliseconds time) {
    return steady_time(std::chrono::hours{1}) + time;
}

TEST(progress_text, shows_share_count_rate_and_estimate) {
    EXPECT_EQ(progress_text({540, 1200, 120.4, seconds{6}}, 100),
              "[#########-----------]  45 %  540 of 1,200  120/s  about 6 s left");
    EXPECT_EQ(progress_text({0, 7, 0, {}}, 100), "[--------------------]   0 %  0 of 7");
    EXPECT_EQ(progress_text({7, 7, 1.25, seconds{0}}, 100),
              "[####################] 100 %  7 of 7  1.2/s  about 0 s left");
}

TEST(progress_text, does_without_a_total) {
    EXPECT_EQ(progress_text({1'234'567, 0, 9'876.5, {}}, 100), "1,234,567  9,877/s");
}

TEST(progress_text, leaves_out_what_does_not_fit) {
    EXPECT_EQ(progress_text({540, 1200, 120, seconds{6}}, 50), "[#########-----------]  45 %  540 of 1,200  120/s");
    EXPECT_EQ(progress_text({540, 1200, 120, seconds{6}}, 30), "[#########-----------]  45 %");
    EXPECT_EQ(progress_text({540, 1200, 120, seconds{6}}, 3), "");
}

TEST(progress_text, never_shows_more_than_the_whole) {
    EXPECT_EQ(progress_text({9, 7, 0, {}}, 100), "[####################] 100 %  9 of 7");
}

TEST(rough_duration, goes_by_the_unit_a_person_would_take) {
    EXPECT_EQ(rough_duration(seconds{99}), "about 99 s");
    EXPECT_EQ(rough_duration(seconds{100}), "about 2 min");
    EXPECT_EQ(rough_duration(std::chrono::minutes{99}), "about 99 min");
    EXPECT_EQ(rough_duration(std::chrono::minutes{100}), "about 2 h");
    EXPECT_EQ(rough_duration(std::chrono::hours{47}), "about 47 h");
    EXPECT_EQ(rough_duration(std::chrono::hours{48}), "about 2 days");
    EXPECT_EQ(rough_duration(seconds{1'000'000'000'000}), "about 11574074 days");
}

TEST(progress_rate, knows_nothing_before_the_second_look) {
    progress_rate rate;
    EXPECT_EQ(rate.per_second(), 0);
    rate.note(at(milliseconds{0}), 100);
    EXPECT_EQ(rate.per_second(), 0);
    EXPECT_FALSE(rate.time_for(5));
    rate.note(at(milliseconds{500}), 150);
    EXPECT_EQ(rate.per_second(), 100);
    EXPECT_EQ(rate.time_for(250), seconds{3});
}

TEST(progress_rate, goes_by_the_last_ten_seconds) {
    progress_rate rate;
    std::uint64_t done = 0;
    for (int second = 0; second <= 60; ++second) {
        done += second < 30 ? 1000 : 10;
        rate.note(at(seconds{second}), done);
    }
    EXPECT_EQ(rate.per_second(), 10);
    EXPECT_EQ(rate.time_for(100), seconds{10});
}

TEST(progress_rate, promises_nothing_while_it_does_not_get_on) {
    progress_rate rate;
    rate.note(at(seconds{0}), 10);
    rate.note(at(seconds{1}), 10);
    EXPECT_FALSE(rate.time_for(5));
    rate.note(at(seconds{2}), 3);  // more came than went
    EXPECT_EQ(rate.per_second(), 0);
    EXPECT_FALSE(rate.time_for(5));
}

TEST(upstream_in_words, tells_the_state_its_reason_and_what_comes_next) {
    const auto words = [](const char* text) { return upstream_in_words(nlohmann::json::parse(text)); };
    EXPECT_EQ(words(R"({"state": "up", "since": "2026-01-01T00:00:00.000Z", "lastError": null})"),
              "the upstream is up");
    EXPECT_EQ(words(R"({"state": "paused", "reason": "the key was refused", "since": "2026-01-01T00:00:00.000Z",
                        "nextProbeAt": "2026-01-01T00:00:30.000Z", "lastError": {"message": "no such key"}})"),
              "delivering has been paused since 2026-01-01T00:00:00.000Z: the key was refused; it is tried again at "
              "2026-01-01T00:00:30.000Z; the last error was: no such key");
    EXPECT_EQ(words(R"({"state": "open", "reason": "503: no", "lastError": {"message": "no"}})"),
              "the upstream fails: 503: no");
    EXPECT_EQ(words(R"({"state": "held"})"), "the upstream asked for a break");
    EXPECT_EQ(words(R"({"state": "held", "since": "2026-01-01T00:00:00.000Z", "reason": "Wait."})"),
              "the upstream asked for a break at 2026-01-01T00:00:00.000Z: Wait")
        << "a sentence may follow";
}

TEST(upstream_in_words, bears_anything) {
    for (const char* text : {"null", "[]", "{}", R"({"state": 5, "lastError": []})"})
        EXPECT_EQ(upstream_in_words(nlohmann::json::parse(text)), "the upstream's state is \"\"") << text;
    EXPECT_EQ(upstream_in_words({{"state", "up\x1b[2J"}}), "the upstream's state is \"up\\x1b[2J\"");
}

}  // namespace
}  // namespace posthaste
