#include "lib/metrics/exposition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(exposition, has_every_family_without_labels_and_no_labelled_one_before_something_occurred) {
    const std::string text = exposition({});
    for (const auto name :
         {"posthaste_events_discarded_total", "posthaste_events_purged_total",
          "posthaste_idempotency_keys_dropped_total", "posthaste_queue_bytes", "posthaste_queue_capacity_bytes",
          "posthaste_queue_oldest_event_age_seconds", "posthaste_accept_duration_seconds_count",
          "posthaste_commit_duration_seconds_count", "posthaste_commit_events_count",
          "posthaste_delivery_duration_seconds_count", "posthaste_end_to_end_latency_seconds_count",
          "posthaste_upstream_concurrency_limit", "posthaste_upstream_connections", "posthaste_wal_bytes"})
        EXPECT_THAT(text, HasSubstr("\n" + std::string(name) + " 0\n"));
    EXPECT_THAT(text, HasSubstr("\nposthaste_config_last_reload_success 1\n"));
    for (const auto name : {"accepted_total", "rejected_total", "delivered_total", "dead_total", "attempts_total"})
        EXPECT_THAT(text, Not(HasSubstr(name)));
    EXPECT_THAT(text, Not(HasSubstr("process_"))) << "what is not known is left out";
    EXPECT_THAT(text, Not(HasSubstr("disk_free")));
}

TEST(exposition, shows_buckets_cumulatively) {
    metrics_facts facts;
    for (const int milliseconds_taken : {1, 1, 3, 60'000})
        facts.accept.durations.observe(milliseconds{milliseconds_taken});
    const std::string text = exposition(facts);
    const auto bucket = [](std::string_view bound, int count) {
        return HasSubstr("posthaste_accept_duration_seconds_bucket{le=\"" + std::string(bound) + "\"} " +
                         std::to_string(count) + "\n");
    };
    EXPECT_THAT(text, bucket("0.0005", 0));
    EXPECT_THAT(text, bucket("0.001", 2));
    EXPECT_THAT(text, bucket("0.005", 3));
    EXPECT_THAT(text, bucket("5", 3));
    EXPECT_THAT(text, bucket("+Inf", 4));
    EXPECT_THAT(text, HasSubstr("posthaste_accept_duration_seconds_count 4\n"));
    EXPECT_THAT(text, HasSubstr("posthaste_accept_duration_seconds_sum 60.005\n"));
}

TEST(exposition, escapes_what_people_configure) {
    metrics_facts facts;
    count(facts.store.accepted, "a \"b\" \\ c\nd");
    EXPECT_THAT(exposition(facts), HasSubstr(R"(posthaste_events_accepted_total{event="a \"b\" \\ c\nd"} 1)"));
}

TEST(exposition, names_outcomes_statuses_reasons_and_states) {
    metrics_facts facts;
    facts.now = wall_time{seconds{100}};
    facts.oldest_pending = wall_time{milliseconds{98'500}};
    facts.delivery.attempts[{verdict::retry, std::nullopt}] = 2;
    facts.delivery.attempts[{verdict::pause, 401}] = 3;
    facts.delivery.dead[{"A", death_reason::expired}] = 4;
    facts.upstream.state = "paused";
    facts.configuration_is_fine = false;
    const std::string text = exposition(facts);
    EXPECT_THAT(text, HasSubstr(R"(posthaste_delivery_attempts_total{outcome="retry",status=""} 2)"));
    EXPECT_THAT(text, HasSubstr(R"(posthaste_delivery_attempts_total{outcome="pause",status="401"} 3)"));
    EXPECT_THAT(text, HasSubstr(R"(posthaste_events_dead_total{event="A",reason="expired"} 4)"));
    EXPECT_THAT(text, HasSubstr(R"(posthaste_upstream_state{state="paused"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(posthaste_upstream_state{state="up"} 0)"));
    EXPECT_THAT(text, HasSubstr("posthaste_queue_oldest_event_age_seconds 1.5\n"));
    EXPECT_THAT(text, HasSubstr("posthaste_config_last_reload_success 0\n"));
}

TEST(exposition, takes_no_age_from_a_clock_that_went_back) {
    const std::string text = exposition({.oldest_pending = wall_time{seconds{10}}});
    EXPECT_THAT(text, HasSubstr("posthaste_queue_oldest_event_age_seconds 0\n"));
}

}  // namespace
}  // namespace posthaste
