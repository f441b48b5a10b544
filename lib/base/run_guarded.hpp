// Where an exception ends that nobody caught: at the end of its thread.
//
// It is a bug, and stops the process as REQUIRE does, with a line that names the thread, rather than leave half of the
// daemon running. Any thread.

#pragma once

#include <exception>
#include <string_view>

namespace posthaste {

[[noreturn]] void exception_escaped(std::string_view thread_name, std::string_view what) noexcept;

// Calls `work`, which is all that the thread of this name does.
template <class Work>
void run_guarded(std::string_view thread_name, Work&& work) noexcept {
    try {
        work();
    } catch (const std::exception& escaped) {
        exception_escaped(thread_name, escaped.what());
    }
}

}  // namespace posthaste
