// The daemon as a whole: the order in which its parts start and stop.
//
// Start: the outbox is locked, repaired and opened → the store thread → delivery → the listener; only then is it ready.
// Until the outbox is open a signal to stop ends the process at once, with exit code 0.
// Stop (SIGTERM, SIGINT): not ready, the listener closes, requests already read get their answers, attempts in flight
// get 20 s, then a checkpoint. A second signal exits at once; nothing acknowledged is lost either way. systemd is told
// of all of it, and of reloads, where it started us (service_manager.hpp).

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/server/passed_sockets.hpp"
#include "daemon/supervisor/reload.hpp"
#include "lib/base/result.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

struct daemon_hooks {
    // Runs on the calling thread once events are accepted; given the addresses that are listened on, as URLs with the
    // ports really taken.
    std::function<void(const std::vector<std::string>& addresses)> ready{};
    // Where the settings came from: SIGHUP loads them anew. Without it SIGHUP is left as it is.
    std::optional<configuration_source> configuration{};
    // Listening sockets that were passed to us; the settings' listen.addresses are theirs.
    std::vector<passed_socket> sockets{};
};

// Runs the daemon on the calling thread, which becomes the accept thread, until it is told to stop. Logging must have
// been started. Returns once everything is stopped; the error is why it could not start.
[[nodiscard]] result<void, start_failure> run_daemon(const settings& frozen, const daemon_hooks& hooks = {});

}  // namespace posthaste
