#include "tests/simulation/scripted_upstream.hpp"

namespace posthaste::simulation {
namespace {

constexpr milliseconds patience = seconds{10};  // with which posthaste waits for an answer

attempt_outcome status(int code) {
    return {.status = code, .message = "why"};
}

attempt_outcome timeout() {
    return {.status = std::nullopt, .message = "no answer in time", .retry_after = {}, .timed_out = true};
}

}  // namespace

void scripted_upstream::enter(phase next, const std::string& target) {
    phase_ = next;
    serves_ = 1 + pick(6);
    refused_ = next == phase::refusing_the_key || next == phase::wrong_url ? target : "";
}

scripted_answer scripted_upstream::answer(sequence number, const std::string& target, std::size_t running) {
    auto trouble = in_trouble(target, running);
    attempt_outcome outcome = trouble ? *trouble : to_event(number);
    const bool slow = pick(10) == 0;
    const milliseconds after = outcome.timed_out ? patience : milliseconds{1 + pick(slow ? 5'000 : 40)};
    return {std::move(outcome), after};
}

std::optional<attempt_outcome> scripted_upstream::in_trouble(const std::string& target, std::size_t running) {
    const auto kind = pick(16);
    const milliseconds asked{kind == 0 ? 0 : kind < 3 ? pick(2 * 3'600'000) : pick(20'000)};
    switch (phase_) {
        case phase::up:
            return std::nullopt;
        case phase::no_connection:
            return attempt_outcome{.status = std::nullopt, .message = "connection refused"};
        case phase::silent:
            return timeout();
        case phase::failing:
            return status(pick(2) == 0 ? 500 : 502);
        case phase::unavailable:
            return status(503);
        case phase::unavailable_for:
            return attempt_outcome{.status = 503, .message = "later", .retry_after = asked};
        case phase::too_many:
            return status(429);
        case phase::too_many_for:
            return attempt_outcome{.status = 429, .message = "later", .retry_after = asked};
        case phase::refusing_the_key:
            return target == refused_ ? std::optional(status(one_of({401, 402, 403, 407}))) : std::nullopt;
        case phase::wrong_url:
            return target == refused_ ? std::optional(status(one_of({404, 405}))) : std::nullopt;
        case phase::redirecting:
            return status(302);
        case phase::rejecting:
            return status(422);
        case phase::small:
            return running > serves_ ? std::optional(status(pick(4) == 0 ? 429 : 503)) : std::nullopt;
    }
    return std::nullopt;
}

// What is the matter with some of the events.
attempt_outcome scripted_upstream::to_event(sequence number) {
    const auto before = heard_[number]++;
    switch (number % 29) {
        case 0:
            return status(500);
        case 1:
            return status(400);
        case 2:
            return status(409);
        case 3:
            return status(before < 2 ? 409 : 200);
        case 4:
            return status(before < 1 ? 421 : 200);
        case 5:
            return before < 1 ? timeout() : status(202);
        case 6:
            return status(before % 3 == 0 ? 409 : before % 3 == 1 ? 408 : 204);
        case 7:
            return status(before < 4 ? 500 : 200);
        case 8:
            return status(before < 2 ? 425 : 200);
        default:
            return status(200);
    }
}

}  // namespace posthaste::simulation
