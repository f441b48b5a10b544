// How the upstream fares, and so what may be sent to it now (README, "When the upstream is in trouble").
//
// States, the first that applies:
// - paused: the set-up is at fault (key, URL, everything rejected), or a person said so. But for a pause by hand one
//   probe goes out after 30 s, doubling to 5 min; the one that is delivered ends the pause.
// - held: the upstream asked for time (429, 503 with Retry-After). Nothing goes out.
// - open: attempt after attempt failed. One probe at a time, after 1 s doubling to 60 s with jitter; a success closes.
// - up: as many at once as the send window and the rate limit allow.
//
// After each of the others the send window starts again at one, so that a recovering upstream does not meet the
// backlog.
//
// Pure: the caller passes the time and random numbers. Not thread-safe.

#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "lib/base/time.hpp"
#include "lib/base/uuid.hpp"
#include "lib/config/settings.hpp"
#include "lib/delivery/send_window.hpp"
#include "lib/delivery/token_bucket.hpp"
#include "lib/delivery/upstream_report.hpp"
#include "lib/delivery/verdict.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

struct health_rules {
    std::uint32_t max_concurrency = 32;
    std::optional<std::uint32_t> rate_limit;
    std::uint32_t reject_guard = 20;  // 0: never
    std::uint32_t failures_that_open = 5;
};

enum class upstream_state { up, open, held, paused };

[[nodiscard]] const char* to_string(upstream_state state) noexcept;

enum class permit { none, attempt, probe };

// What is remembered of an attempt while it runs.
struct attempt_ticket {
    std::uint64_t serial = 0;
    bool probe = false;
    std::uint32_t stop = 0;  // which pause or opening it probes
    std::uint32_t look = 0;  // how often look_again() had been called
    uuid event{};            // the id of what was sent
};

class upstream_health {
  public:
    explicit upstream_health(const health_rules& rules);

    // What an earlier run left.
    void restore(const upstream_memory& memory, instant now);
    // What the next run has to know, but for `reached_with`. True: it was another one.
    bool remember(upstream_memory& memory) const;
    void change_rules(const health_rules& rules);

    [[nodiscard]] upstream_state state(steady_time now) const noexcept;
    [[nodiscard]] permit may_start(steady_time now, std::uint32_t in_flight) const noexcept;
    // When may_start() could say something else than none although no attempt has ended; empty: never by itself.
    [[nodiscard]] std::optional<steady_time> next_permit(steady_time now, std::uint32_t in_flight) const noexcept;
    // The set-up is known to be at fault: rejections and failures that come in now neither kill nor count.
    [[nodiscard]] bool is_at_fault() const noexcept { return paused_ && paused_->why != cause::by_hand; }

    [[nodiscard]] attempt_ticket start(const uuid& event, steady_time now);
    // The attempt ended with `outcome`, which means `meaning`. `random`: 64 random bits.
    void ended(const attempt_ticket& ticket, const attempt_outcome& outcome, verdict meaning, instant now,
               std::uint64_t random);
    // It ended with an answer that says nothing of the present set-up.
    void ended_void(const attempt_ticket& ticket);
    // The end of the hold, while it is held.
    [[nodiscard]] steady_time held_until() const noexcept { return held_until_; }

    void pause_by_hand(instant now);
    // Ends any pause. After one for rejections the guard keeps still until something was delivered.
    void resume_by_hand();
    // The set-up may have changed: whatever probes is due now. With another key the hold is over, which was the old
    // one's.
    void look_again(instant now, bool other_key);

    // How often a pause, a hold or an opening began: tells one from the next. A hold under a pause does not count, nor
    // an opening under a hold: nobody sees it.
    [[nodiscard]] std::uint32_t troubles() const noexcept { return troubles_; }
    [[nodiscard]] std::uint32_t concurrency() const noexcept { return window_.size(); }
    // state, reason, since, next_probe_at, concurrency.
    void describe(upstream_report& to, instant now) const;

  private:
    enum class cause { by_hand, rejecting_everything, setup };

    struct pausing {
        cause why = cause::by_hand;
        wall_time since{};
        attempt_outcome trouble{};  // that led to it
    };

    // The same of a hold or an opening: each has its own, as one can come upon the other.
    struct halt {
        wall_time since{};
        attempt_outcome trouble{};
    };

    void delivered(const attempt_ticket& ticket, bool surely);
    void rejected(const attempt_ticket& ticket, const attempt_outcome& outcome, instant now);
    void failed(const attempt_ticket& ticket, const attempt_outcome& outcome, instant now, std::uint64_t random);
    void hold(const attempt_ticket& ticket, const attempt_outcome& outcome, instant now);
    void pause(cause why, const attempt_outcome& outcome, instant now);
    void probe_again(steady_time now, std::uint64_t random);
    void close();
    [[nodiscard]] bool probes() const noexcept;
    [[nodiscard]] bool is_probe_of_this_stop(const attempt_ticket& ticket) const noexcept;
    [[nodiscard]] std::string pause_reason() const;

    health_rules rules_;
    send_window window_;
    token_bucket bucket_;

    std::optional<pausing> paused_;
    bool open_ = false;
    bool probing_ = false;
    steady_time held_until_{};
    std::uint64_t held_from_ = 0;  // the serial of the first attempt after the last hold had begun
    milliseconds last_hold_{0};    // without a Retry-After
    steady_time next_probe_{};
    milliseconds probe_interval_{0};

    std::uint32_t failures_in_a_row_ = 0;
    std::set<uuid> rejected_in_a_row_;  // different events: a dead one may be sent again by hand
    bool guard_armed_ = true;
    std::uint32_t troubles_ = 0;
    std::uint32_t stops_ = 0;  // the same without the holds: which one a probe belongs to
    std::uint32_t looks_ = 0;  // calls of look_again()
    halt hold_;
    halt opening_;
};

}  // namespace posthaste
