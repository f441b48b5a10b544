#include "daemon/supervisor/service_manager.hpp"

#include <cstdint>
#include <cstdlib>

#include <systemd/sd-daemon.h>
#include <time.h>

namespace posthaste {

namespace {

constexpr int keep_environment = 0;

// CLOCK_MONOTONIC is what systemd compares with, to tell this reload from an earlier one.
std::string monotonic_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000);
}

}  // namespace

service_manager::service_manager() {
    const char* const socket = std::getenv("NOTIFY_SOCKET");
    listens_ = socket != nullptr && *socket != '\0';
    std::uint64_t microseconds = 0;
    if (listens_ && ::sd_watchdog_enabled(keep_environment, &microseconds) > 0)
        watchdog_ = milliseconds{microseconds / 1000};
}

void service_manager::ready(const std::string& status) const {
    tell("READY=1\nSTATUS=" + status);
}

void service_manager::reloading() const {
    if (listens_) tell("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

void service_manager::stopping(const std::string& status) const {
    tell("STOPPING=1\nSTATUS=" + status);
}

void service_manager::status(const std::string& text) const {
    tell("STATUS=" + text);
}

void service_manager::alive() const {
    tell("WATCHDOG=1");
}

// Whoever asked to be told and does not listen is no trouble of the daemon's.
void service_manager::tell(const std::string& state) const {
    if (listens_) (void)::sd_notify(keep_environment, state.c_str());
}

}  // namespace posthaste
