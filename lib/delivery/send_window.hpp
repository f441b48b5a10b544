// How many attempts may run at once: adaptive, as TCP's congestion window is (RFC 5681; AIMD with a slow start).
//
// One more after each window of successes; half as many after a refusal for overload (429, 503) or a timeout, at most
// once a window: what was sent before the last halving or stop says nothing about the size since. After a stop it
// begins again at one. An upstream that refuses even one at a time is given short gaps between the attempts, which grow
// with each refusal and shrink with each success; as long as there are any it stays at one.
//
// Pure: the caller passes the time. Not thread-safe.

#pragma once

#include <cstdint>

#include "lib/base/time.hpp"

namespace posthaste {

class send_window {
  public:
    static constexpr std::uint32_t at_the_start = 4;

    explicit send_window(std::uint32_t most);

    void set_most(std::uint32_t most);
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    // When the next attempt may start, as far as gaps go; a time that is over means now.
    [[nodiscard]] steady_time next() const noexcept { return size_ == 1 ? next_ : steady_time{}; }

    // An attempt starts: its serial, to be given back with what came of it. They grow.
    std::uint64_t start(steady_time now) noexcept;
    [[nodiscard]] std::uint64_t next_serial() const noexcept { return started_; }
    void succeeded(std::uint64_t serial) noexcept;
    void overloaded(std::uint64_t serial) noexcept;
    // The upstream is stopped from being sent to: afterwards it meets one attempt at a time.
    void restart() noexcept;
    // The same, because it asked for time: what follows is spread a little, or the first burst after each hold would
    // lead to the next one.
    void held() noexcept;

  private:
    void widen_gap() noexcept;

    std::uint32_t most_;
    std::uint32_t size_;
    std::uint32_t successes_ = 0;  // since the last growth
    bool halved_ = false;          // since the start: from then on it grows half as fast
    std::uint64_t started_ = 0;
    std::uint64_t ignore_below_ = 0;  // attempts that started before the last halving or stop
    std::chrono::microseconds gap_{0};
    steady_time next_{};
};

}  // namespace posthaste
