#include "tests/system/support/socket_activator.hpp"

#include <cerrno>
#include <system_error>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace posthaste {

namespace {

constexpr int first_passed = 3;  // as sd_listen_fds(3) has it
constexpr int out_of_the_way = 100;

void must(bool done, const char* what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

socket_activator::~socket_activator() {
    for (const int socket : sockets_)
        ::close(socket);
}

std::uint16_t socket_activator::listen_tcp(const std::string& address) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    must(::inet_pton(AF_INET, address.c_str(), &at.sin_addr) == 1, "inet_pton");
    must(::bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0, "bind");
    must(::listen(socket, SOMAXCONN) == 0, "listen");
    socklen_t size = sizeof at;
    must(::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size) == 0, "getsockname");
    pass(socket);
    return ntohs(at.sin_port);
}

void socket_activator::listen_unix(const std::string& path) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    must(::bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0, "bind");
    must(::listen(socket, SOMAXCONN) == 0, "listen");
    pass(socket);
}

void socket_activator::pass_unusable() {
    pass(::socket(AF_INET, SOCK_DGRAM, 0));
}

// Kept where the daemon's own numbers do not reach, and inherited.
void socket_activator::pass(int socket) {
    sockets_.push_back(::fcntl(socket, F_DUPFD, out_of_the_way));
    ::close(socket);
}

std::vector<std::string> socket_activator::wrapper() const {
    std::string script = "exec";
    for (std::size_t i = 0; i < sockets_.size(); ++i)
        script += " " + std::to_string(first_passed + static_cast<int>(i)) + "<&" + std::to_string(sockets_[i]);
    script += "; LISTEN_PID=$$ LISTEN_FDS=" + std::to_string(sockets_.size()) + R"( exec "$0" "$@")";
    return {"/bin/bash", "-c", script};
}

}  // namespace posthaste
