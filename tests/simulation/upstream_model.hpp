// What may be sent at all, told once more from the specification: pauses, holds, the breaker and their probes. Written
// apart from lib/delivery/upstream_health.hpp, and fed with the same answers, so that the two can be held against each
// other.

#pragma once

#include <cstdint>
#include <optional>

#include "lib/delivery/delivery_machine.hpp"

namespace posthaste::simulation {

class upstream_model {
  public:
    enum class pause { none, by_hand, guard, setup };

    // A run begins: holds and the breaker are forgotten, what is remembered goes on.
    void begin(const health_rules& rules, const upstream_memory& left, steady_time now);
    void change_rules(const health_rules& rules) { rules_ = rules; }
    void look_again(steady_time now, bool other_target);
    void pause_by_hand();
    void resume_by_hand();

    // Whether something may start now; `probe_running`: one of those that may be one at a time.
    [[nodiscard]] const char* why_not(steady_time now, bool probe_running) const;
    // From when on something must have been started, if there is anything to start; empty: never by itself.
    [[nodiscard]] std::optional<steady_time> latest_start() const;
    // What starts now is a probe.
    [[nodiscard]] bool probes() const { return open_ || at_fault(); }
    [[nodiscard]] bool at_fault() const { return pause_ == pause::guard || pause_ == pause::setup; }
    [[nodiscard]] bool by_hand() const { return pause_ == pause::by_hand; }
    [[nodiscard]] bool paused() const { return pause_ != pause::none; }
    [[nodiscard]] steady_time held_until() const { return held_until_; }
    [[nodiscard]] upstream_state state(steady_time now) const;
    // Which pause or opening this is.
    [[nodiscard]] std::uint64_t trouble() const { return trouble_; }
    // How often the set-up may have changed while probes went out.
    [[nodiscard]] std::uint64_t looks() const { return looks_; }
    // How often a hold began.
    [[nodiscard]] std::uint64_t holds() const { return holds_; }
    // How often the sending was stopped, or let go on by an answer.
    [[nodiscard]] std::uint64_t stops() const { return stops_; }

    // As it was when an attempt started.
    struct starting_point {
        std::optional<std::uint64_t> probe_of{};  // the trouble that it probes; empty: none
        std::uint64_t looks = 0;
        std::uint64_t holds = 0;
    };
    void ended(const attempt_outcome& outcome, verdict meaning, const starting_point& from, steady_time now);

    // What the next run has to be told is this.
    [[nodiscard]] bool is_remembered(const upstream_memory& memory) const;

  private:
    void begin_pause(pause why, steady_time now);
    void rejected(steady_time now);
    void failed(steady_time now);
    void hold(const attempt_outcome& outcome, bool sent_before, steady_time now);
    void probe_again(steady_time now);
    void close();

    health_rules rules_;
    pause pause_ = pause::none;
    bool open_ = false;
    steady_time held_until_{};
    milliseconds own_hold_{0};  // of 429s without a Retry-After
    milliseconds interval_{0};
    steady_time earliest_probe_{};
    steady_time latest_probe_{};
    std::uint32_t failures_ = 0;
    std::uint32_t rejections_ = 0;
    bool armed_ = true;
    std::uint64_t trouble_ = 0;
    std::uint64_t stops_ = 0;
    std::uint64_t looks_ = 0;
    std::uint64_t holds_ = 0;
};

// What an answer means, by the table of the specification.
[[nodiscard]] verdict meaning_of(std::optional<int> status, std::uint32_t conflicts_before, bool reached,
                                 const std::map<int, verdict>& overrides);
[[nodiscard]] bool holds_everybody(const attempt_outcome& outcome, verdict meaning);

}  // namespace posthaste::simulation
