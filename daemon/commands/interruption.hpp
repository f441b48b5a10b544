// SIGINT and SIGTERM for commands that have something to clean up: noted for as long as the one object lives, for the
// command to end by itself.

#pragma once

#include <atomic>
#include <csignal>

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

  private:
    inline static std::atomic<bool> seen_ = false;
    static_assert(std::atomic<bool>::is_always_lock_free);

    struct sigaction before_int_{};
    struct sigaction before_term_{};
};

}  // namespace posthaste
