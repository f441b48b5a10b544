#include "daemon/commands/sync_latency.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "daemon/commands/interruption.hpp"
#include "lib/base/require.hpp"
#include "lib/outbox/files.hpp"

namespace posthaste {

namespace {

constexpr std::size_t block_size = 4096;
constexpr std::size_t most_syncs = 300;
constexpr std::size_t fewest_syncs = 20;
constexpr std::chrono::seconds long_enough{4};

using clock_type = std::chrono::steady_clock;

// Milliseconds of each; fewer than `syncs` where the disk is slow; empty where it failed (errno says why).
std::vector<double> synced_writes(int file, std::size_t syncs) {
    std::array<char, block_size> block{};
    std::vector<double> taken;
    const auto enough = clock_type::now() + long_enough;
    while (taken.size() < syncs && (taken.size() < fewest_syncs || clock_type::now() < enough)) {
        block.fill(static_cast<char>(taken.size()));
        const auto begun = clock_type::now();
        const auto at = static_cast<off_t>(block_size * taken.size());
        if (::pwrite(file, block.data(), block.size(), at) != static_cast<ssize_t>(block.size()) ||
            ::fdatasync(file) != 0) {
            return {};
        }
        taken.push_back(std::chrono::duration<double, std::milli>(clock_type::now() - begun).count());
        if (interruption::seen()) break;
    }
    return taken;
}

}  // namespace

percentiles percentiles_of(std::vector<double> values) {
    REQUIRE(!values.empty(), "percentiles are those of something");
    std::sort(values.begin(), values.end());
    const auto rank = [&](double share) {
        const auto place = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
        return values[std::max<std::size_t>(place, 1) - 1];
    };
    return {rank(0.50), rank(0.99)};
}

result<sync_latency, std::string> measure_sync_latency(const std::string& file) {
    errno = 0;
    const file_handle handle(::open(file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    if (!handle) return std::string(std::strerror(errno));
    auto appended = synced_writes(handle.get(), most_syncs);
    auto overwritten = synced_writes(handle.get(), appended.size());
    if (appended.empty() || overwritten.empty()) return std::string(std::strerror(errno));
    const auto syncs = overwritten.size();
    return sync_latency{percentiles_of(std::move(appended)), percentiles_of(std::move(overwritten)), syncs};
}

}  // namespace posthaste
