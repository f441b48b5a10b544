#include "daemon/commands/terminal.hpp"

#include <cerrno>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace posthaste {

namespace {

constexpr std::size_t usual_columns = 80;
constexpr std::size_t usual_rows = 24;

std::string_view environment_text(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

const char* code_of(paint colour) {
    switch (colour) {
        case paint::none:
            break;
        case paint::red:
            return "\x1b[31m";
        case paint::green:
            return "\x1b[32m";
        case paint::yellow:
            return "\x1b[33m";
        case paint::bold:
            return "\x1b[1m";
    }
    return "";
}

}  // namespace

screen screen_of(int descriptor) {
    if (::isatty(descriptor) != 1) return {};
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) size = {};
    const auto kind = environment_text("TERM");
    const bool able = !kind.empty() && kind != "dumb";
    return {.columns = size.ws_col > 0 ? size.ws_col : usual_columns,
            .rows = size.ws_row > 0 ? size.ws_row : usual_rows,
            .redraws = able,
            .colours = able && environment_text("NO_COLOR").empty()};
}

std::string painted(std::string_view text, paint colour, const screen& on) {
    if (!on.colours || colour == paint::none || text.empty()) return std::string(text);
    return code_of(colour) + std::string(text) + "\x1b[0m";
}

void write_to_terminal(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

}  // namespace posthaste
