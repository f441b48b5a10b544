// REQUIRE: an assertion that stays in every build.
//
// For broken invariants only (a bug of ours): prints the condition, its place and the reason to stderr and stops the
// process with SIGABRT, so that no wrong state is ever written to the outbox. Expected failures are values, see
// result.hpp. Thread-safety: any thread.

#pragma once

namespace posthaste {

[[noreturn]] void require_failed(const char* condition, const char* reason, const char* file, int line) noexcept;

}  // namespace posthaste

#define REQUIRE(condition, reason)                                                 \
    do {                                                                           \
        if (!(condition)) [[unlikely]] {                                           \
            ::posthaste::require_failed(#condition, (reason), __FILE__, __LINE__); \
        }                                                                          \
    } while (false)
