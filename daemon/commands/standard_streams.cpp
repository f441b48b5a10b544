#include "daemon/commands/standard_streams.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "lib/base/result.hpp"

namespace posthaste {

void open_missing_streams() {
    // The wrong way round on purpose, but for standard error.
    constexpr std::array<std::pair<int, int>, 3> streams = {
        {{STDIN_FILENO, O_WRONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_WRONLY}}};
    for (const auto& [stream, mode] : streams) {
        if (::fcntl(stream, F_GETFD) != -1) continue;
        // The lowest free number is this one, as those below it are taken.
        if (::open("/dev/null", mode) != stream) std::_Exit(static_cast<int>(exit_code::failed));
    }
}

void end_if_reader_left() {
    pollfd output{STDOUT_FILENO, 0, 0};
    if (::poll(&output, 1, 0) != 1 || (output.revents & (POLLERR | POLLHUP)) == 0) return;
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
}

}  // namespace posthaste
