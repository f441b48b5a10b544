// Waiting for a condition instead of sleeping: a test never asserts how long something took.

#pragma once

#include <chrono>
#include <thread>
#include <utility>

namespace posthaste {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POSTHASTE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POSTHASTE_SANITIZED 1
#endif
#endif

#ifdef POSTHASTE_SANITIZED
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

// How long anything may take before a test gives up: generous, as only a failing test ever waits so long.
inline constexpr std::chrono::seconds patience{sanitized ? 150 : 30};

// Asks again and again until `condition` holds; false when it did not in time.
template <class Condition>
[[nodiscard]] bool wait_until(Condition&& condition, std::chrono::milliseconds at_most = patience) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return std::forward<Condition>(condition)();
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
}

}  // namespace posthaste
