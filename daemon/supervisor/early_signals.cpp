#include "daemon/supervisor/early_signals.hpp"

#include <csignal>
#include <initializer_list>

#include <unistd.h>

#include "lib/base/result.hpp"

namespace posthaste {
namespace {

volatile std::sig_atomic_t hangup_came = 0;

void end(int) {
    ::_exit(static_cast<int>(exit_code::done));
}

void remember(int) {
    hangup_came = 1;
}

// What a signal interrupts goes on.
void install(int number, void (*handler)(int)) noexcept {
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
}

}  // namespace

void catch_early_stop() noexcept {
    for (const int number : {SIGTERM, SIGINT})
        install(number, end);
}

void catch_early_hangup() noexcept {
    install(SIGHUP, remember);
}

bool early_hangup_came() noexcept {
    return hangup_came != 0;
}

}  // namespace posthaste
