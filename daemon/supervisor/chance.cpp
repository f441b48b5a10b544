#include "daemon/supervisor/chance.hpp"

#include <chrono>
#include <random>

namespace posthaste {

instant read_clocks() {
    return {std::chrono::floor<milliseconds>(std::chrono::system_clock::now()), std::chrono::steady_clock::now()};
}

std::function<std::uint64_t()> seeded_random() {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    return [engine = std::mt19937_64(seed)]() mutable { return engine(); };
}

}  // namespace posthaste
