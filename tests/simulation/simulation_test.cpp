// Delivery as a whole, from random seeds. To replay one, with everything that happens in it:
// POSTHASTE_SEED=n simulation_tests --gtest_filter='simulation.*'

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "tests/simulation/world.hpp"

namespace posthaste {
namespace {

std::uint64_t running;

// A broken invariant stops the process, and would take the seed with it.
void name_the_seed(int) {
    std::fprintf(stderr, "to replay: POSTHASTE_SEED=%llu\n", static_cast<unsigned long long>(running));
}

void run_seeds(std::uint64_t count) {
    std::signal(SIGABRT, name_the_seed);
    const char* const given = std::getenv("POSTHASTE_SEED");
    const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    if (given != nullptr) count = 1;
    std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first),
                static_cast<unsigned long long>(first + count - 1));
    const auto began = std::chrono::steady_clock::now();
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        running = seed;
        simulation::world one(seed, given != nullptr);
        const auto broken = one.run();
        ASSERT_FALSE(broken) << *broken << "\nto replay: POSTHASTE_SEED=" << seed;
    }
    const double minutes = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() / 60;
    std::printf("%.0f seeds a minute\n", static_cast<double>(count) / minutes);
}

TEST(simulation, every_event_ends_and_no_promise_is_broken_on_the_way) {
    run_seeds(300);
}

TEST(slow_simulation, every_event_ends_and_no_promise_is_broken_on_the_way) {
    run_seeds(20'000);
}

}  // namespace
}  // namespace posthaste
