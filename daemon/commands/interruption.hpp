// SIGINT and SIGTERM for commands that have something to clean up: noted for as long as the one object lives, for the
// command to end by itself.

#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace posthaste {

class interruption {
  public:
    interruption() {
        seen_ = false;
        struct sigaction action{};
        action.sa_handler = [](int) { seen_ = true; };
        ::sigaction(SIGINT, &action, &before_int_);
        ::sigaction(SIGTERM, &action, &before_term_);
    }
    ~interruption() {
        ::sigaction(SIGINT, &before_int_, nullptr);
        ::sigaction(SIGTERM, &before_term_, nullptr);
    }

    interruption(const interruption&) = delete;
    interruption& operator=(const interruption&) = delete;

    [[nodiscard]] static bool seen() noexcept { return seen_; }
    // Until that time; false as soon as a signal was seen.
    [[nodiscard]] static bool sleep_until(std::chrono::steady_clock::time_point end) {
        using clock = std::chrono::steady_clock;
        constexpr std::chrono::milliseconds look_up_every{50};
        while (!seen_ && clock::now() < end)
            std::this_thread::sleep_for(std::min<clock::duration>(look_up_every, end - clock::now()));
        return !seen_;
    }

  private:
    inline static std::atomic<bool> seen_ = false;
    static_assert(std::atomic<bool>::is_always_lock_free);

    struct sigaction before_int_{};
    struct sigaction before_term_{};
};

}  // namespace posthaste
