#include "daemon/commands/spoken.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "daemon/commands/progress_bar.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

std::string spoken_time(std::string_view rfc3339, wall_time now) {
    std::string text = printable(rfc3339);
    const auto time = parse_rfc3339(rfc3339);
    if (!time) return text;
    const auto away = std::chrono::round<seconds>(*time - now);
    if (away == seconds{0}) return text + " (now)";
    if (away > seconds{0}) return text + " (in " + rough_duration(away) + ")";
    return text + " (" + rough_duration(-away) + " ago)";
}

std::string short_age(std::string_view rfc3339, wall_time now) {
    const auto time = parse_rfc3339(rfc3339);
    if (!time) return "";
    const auto age = std::max(std::chrono::floor<seconds>(now - *time), seconds{0}).count();
    if (age < 100) return std::to_string(age) + "s";
    if (age < 100 * 60) return std::to_string(age / 60) + "m";
    if (age < 48 * 3600) return std::to_string(age / 3600) + "h";
    return std::to_string(age / 86'400) + "d";
}

std::string spoken_size(std::uint64_t bytes) {
    static constexpr std::array units{" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
    if (bytes < 1024) return std::to_string(bytes) + " B";
    std::size_t unit = 0;
    while (unit + 1 < units.size() && (bytes >> (10 * (unit + 2))) > 0)
        ++unit;
    // In tenths, cut: what is not full is never shown as full.
    const std::uint64_t tenths = (bytes >> (10 * unit)) * 10 / 1024;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + units[unit];
}

}  // namespace posthaste
