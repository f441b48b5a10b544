#include "lib/metrics/measures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/metrics/delivery_meter.hpp"
#include "lib/metrics/queue_states.hpp"
#include "lib/metrics/store_meter.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

pending_event named(std::string name, sequence number = 1) {
    pending_event event;
    event.number = number;
    event.what.name = std::move(name);
    return event;
}

TEST(event_labels, are_the_configured_names_and_other_for_whatever_else_is_posted) {
    event_labels labels;
    EXPECT_EQ(labels.of("Ticket Created"), "other");
    labels.use({"Ticket Created", "Order \"Paid\""});
    EXPECT_EQ(labels.of("Ticket Created"), "Ticket Created");
    EXPECT_EQ(labels.of("Order \"Paid\""), "Order \"Paid\"");
    EXPECT_EQ(labels.of("ticket created"), "other");
    EXPECT_EQ(labels.of(""), "other");
    labels.use({"Order \"Paid\""});
    EXPECT_EQ(labels.of("Ticket Created"), "other") << "a reload took it away";
}

TEST(event_labels, bound_the_counts_however_many_names_are_posted) {
    store_meter meter;
    meter.use({"A"});
    batch work;
    for (int n = 0; n < 1000; ++n)
        work.appends.push_back(named("name " + std::to_string(n)));
    work.appends.push_back(named("A"));
    batch_outcome all;
    all.appends.assign(work.appends.size(), append_outcome::stored);
    meter.committed(work, all, std::chrono::milliseconds{3});
    EXPECT_THAT(meter.measures().accepted, ElementsAre(Pair("A", 1), Pair("other", 1000)));
}

TEST(store_meter, counts_what_a_commit_stored_and_settled_and_nothing_that_it_refused) {
    store_meter meter;
    meter.use({"A", "B"});
    batch work;
    work.appends = {named("A"), named("A"), named("B")};
    work.submissions = {{.events = {named("B"), named("B")}, .key = {}}, {.events = {named("A")}, .key = {}}};
    work.imports = {{named("A"), named("B", 0)}, {named("B", 0)}};
    work.settlements.resize(2);
    batch_outcome outcome;
    outcome.appends = {append_outcome::stored, append_outcome::queue_full, append_outcome::disk_full};
    outcome.submissions = {{submission_outcome::kind::stored, {}}, {submission_outcome::kind::replayed, {}}};
    outcome.imports = {{.imported = 1, .known = 1}, {.known = 1}};
    meter.committed(work, outcome, std::chrono::milliseconds{3});
    EXPECT_THAT(meter.measures().accepted, ElementsAre(Pair("A", 2), Pair("B", 2)));
    EXPECT_EQ(meter.measures().commit_events.sum(), 6.0);
    EXPECT_DOUBLE_EQ(meter.measures().commit_durations.sum(), 0.003);
}

TEST(store_meter, does_not_take_a_read_or_a_stuck_settlement_for_a_commit_of_events) {
    store_meter meter;
    meter.committed({}, {}, std::chrono::milliseconds{3});
    batch work;
    work.settlements.resize(2);
    batch_outcome outcome;
    outcome.stuck = true;
    meter.committed(work, outcome, std::chrono::milliseconds{3});
    EXPECT_EQ(meter.measures().commit_durations.count(), 0U);
    EXPECT_EQ(meter.measures().commit_events.count(), 0U);
}

TEST(delivery_meter, follows_an_attempt_from_its_start_to_its_verdict) {
    const instant start{wall_time{seconds{1000}}, steady_time{seconds{50}}};
    delivery_meter meter;
    meter.use({"A"});
    pending_event event = named("A");
    event.received_at = start.wall - seconds{2};
    event.history.emplace();
    meter.started(3, event, start.steady);
    EXPECT_EQ(meter.measures().retries_in_flight, 1U);
    const instant end{start.wall + seconds{1}, start.steady + milliseconds{250}};
    const auto ended = meter.ended(3, event, 200, end);
    EXPECT_EQ(meter.measures().retries_in_flight, 0U);
    EXPECT_THAT(meter.measures().delivered, IsEmpty()) << "before it was judged";
    meter.judged(ended, verdict::delivered);
    EXPECT_THAT(meter.measures().delivered, ElementsAre(Pair("A", 1)));
    EXPECT_DOUBLE_EQ(meter.measures().attempt_durations.sum(), 0.25);
    EXPECT_DOUBLE_EQ(meter.measures().latencies.sum(), 3.0);
}

TEST(delivery_meter, tells_outcomes_and_statuses_apart) {
    delivery_meter meter;
    const pending_event event = named("unknown");
    const auto attempt = [&](std::optional<int> status, verdict meaning) {
        meter.started(0, event, {});
        meter.judged(meter.ended(0, event, status, {}), meaning);
    };
    attempt({}, verdict::retry);
    attempt(503, verdict::retry);
    attempt(503, verdict::retry);
    attempt(401, verdict::pause);
    attempt(422, verdict::dead);
    meter.died("unknown", death_reason::rejected);
    meter.died("", death_reason::damaged);
    EXPECT_THAT(meter.measures().attempts,
                ElementsAre(Pair(Pair(verdict::retry, std::nullopt), 1), Pair(Pair(verdict::retry, 503), 2),
                            Pair(Pair(verdict::dead, 422), 1), Pair(Pair(verdict::pause, 401), 1)));
    EXPECT_THAT(meter.measures().dead, ElementsAre(Pair(Pair("other", death_reason::rejected), 1),
                                                   Pair(Pair("other", death_reason::damaged), 1)));
    EXPECT_EQ(meter.measures().latencies.count(), 0U);
}

tally refused(std::string_view method, std::string_view path, std::string_view problem_name) {
    accept_measures measures;
    request_head head;
    head.method = method;
    head.path = path;
    count_refusal(measures, head, {.status = 400, .name = problem_name});
    return measures.rejected;
}

TEST(a_refusal, counts_by_its_problem_on_every_event_path) {
    for (const auto path : {"/run/event", "/run/events", "/2023-12/run/event", "/2023-12/run/events"})
        EXPECT_THAT(refused("POST", path, "schema-mismatch"), ElementsAre(Pair("schema-mismatch", 1))) << path;
}

TEST(a_refusal, does_not_count_elsewhere) {
    for (const auto path :
         {"/", "", "/v1/import", "/run", "/run/event/", "/2023-13/run/event", "/2023-12", "/2023-12x"})
        EXPECT_THAT(refused("POST", path, "unauthorized"), IsEmpty()) << path;
    EXPECT_THAT(refused("GET", "/run/event", "method-not-allowed"), IsEmpty());
    EXPECT_THAT(refused("", "", "request-timeout"), IsEmpty()) << "the head never came";
}

TEST(a_refusal, is_neither_a_fault_of_the_framing_nor_the_death_of_what_was_stored) {
    for (const auto name : {"malformed-request", "unsupported-transfer-coding", "head-too-large", "delivery-failed"})
        EXPECT_THAT(refused("POST", "/run/event", name), IsEmpty()) << name;
}

void expect_states(const queue_states& found, std::uint64_t waiting, std::uint64_t in_flight, std::uint64_t retrying) {
    EXPECT_EQ(found.waiting, waiting);
    EXPECT_EQ(found.in_flight, in_flight);
    EXPECT_EQ(found.retrying, retrying);
}

TEST(queue_states, count_a_retry_in_flight_once) {
    expect_states(divide(10, 4, 3, 1), 4, 3, 3);
    expect_states(divide(0, 0, 0, 0), 0, 0, 0);
}

TEST(queue_states, add_up_to_pending_even_where_the_threads_counted_at_different_moments) {
    for (std::uint64_t pending = 0; pending < 5; ++pending)
        for (std::uint64_t retrying = 0; retrying < 7; ++retrying)
            for (std::uint64_t in_flight = 0; in_flight < 7; ++in_flight)
                for (std::uint64_t retries = 0; retries <= in_flight; ++retries) {
                    const queue_states found = divide(pending, retrying, in_flight, retries);
                    EXPECT_EQ(found.waiting + found.in_flight + found.retrying, pending);
                    EXPECT_LE(found.waiting, pending);
                }
}

}  // namespace
}  // namespace posthaste
