// An upstream in virtual time. What it answers depends on the event's number, on how often that was sent, on the URL
// and key it was sent with, and on the phase the upstream is in.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <random>
#include <string>

#include "lib/base/uuid.hpp"
#include "lib/delivery/verdict.hpp"

namespace posthaste::simulation {

struct scripted_answer {
    attempt_outcome outcome;
    milliseconds after{0};
};

class scripted_upstream {
  public:
    enum class phase {
        up,
        no_connection,
        silent,  // until the attempt's time is over
        failing,
        unavailable,
        unavailable_for,   // 503 with Retry-After
        too_many,          // 429
        too_many_for,      // 429 with Retry-After
        refusing_the_key,  // until it is changed
        wrong_url,         // until it is changed
        redirecting,
        rejecting,
        small,  // serves a few at once, and refuses the others
        last = small
    };

    explicit scripted_upstream(std::mt19937_64& random) : random_(random) {}

    // `target`: the URL and key that are in use.
    void enter(phase next, const std::string& target);
    [[nodiscard]] phase current() const { return phase_; }

    [[nodiscard]] scripted_answer answer(sequence number, const std::string& target, std::size_t running);

  private:
    std::uint64_t pick(std::uint64_t below) { return random_() % below; }
    int one_of(std::initializer_list<int> statuses) { return statuses.begin()[pick(statuses.size())]; }
    [[nodiscard]] std::optional<attempt_outcome> in_trouble(const std::string& target, std::size_t running);
    [[nodiscard]] attempt_outcome to_event(sequence number);

    std::mt19937_64& random_;
    phase phase_ = phase::up;
    std::string refused_;  // the target, where one is
    std::size_t serves_ = 1;
    std::map<sequence, std::uint32_t> heard_;
};

}  // namespace posthaste::simulation
