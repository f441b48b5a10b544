#include "daemon/server/passed_sockets.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

namespace posthaste {

namespace {

constexpr int forget_environment = 1;
constexpr int listening = 1;

std::optional<listen_address> ip_address(int family, const void* ip, in_port_t port) {
    char text[INET6_ADDRSTRLEN] = {};
    if (::inet_ntop(family, ip, text, sizeof text) == nullptr) return std::nullopt;
    return listen_address{.host = text, .port = ntohs(port)};
}

// An abstract name, which has no file, begins with a NUL byte: it is shown as systemd writes it.
std::optional<listen_address> unix_address(const sockaddr_un& from, std::size_t size) {
    const std::size_t length = size - offsetof(sockaddr_un, sun_path);
    std::string path(from.sun_path, std::min(length, sizeof from.sun_path));
    if (path.empty()) return std::nullopt;
    if (path.front() == '\0') {
        path.front() = '@';
        return listen_address{.socket_path = path};
    }
    return listen_address{.socket_path = path.c_str()};
}

std::optional<listen_address> address_of(int descriptor) {
    sockaddr_storage any{};
    socklen_t size = sizeof any;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&any), &size) != 0) return std::nullopt;
    if (any.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(any);
        return ip_address(AF_INET, &v4.sin_addr, v4.sin_port);
    }
    if (any.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(any);
        return ip_address(AF_INET6, &v6.sin6_addr, v6.sin6_port);
    }
    if (any.ss_family == AF_UNIX) return unix_address(reinterpret_cast<const sockaddr_un&>(any), size);
    return std::nullopt;
}

}  // namespace

result<std::vector<passed_socket>, start_failure> take_passed_sockets() {
    std::vector<passed_socket> taken;
    const int count = ::sd_listen_fds(forget_environment);
    for (int descriptor = SD_LISTEN_FDS_START; descriptor < SD_LISTEN_FDS_START + count; ++descriptor) {
        const bool usable = ::sd_is_socket(descriptor, AF_UNSPEC, SOCK_STREAM, listening) > 0;
        const auto address = usable ? address_of(descriptor) : std::nullopt;
        if (!address)
            return start_failure{exit_code::usage,
                                 "the file descriptor " + std::to_string(descriptor) +
                                     " that was passed with $LISTEN_FDS is no listening TCP or unix socket: use "
                                     "ListenStream= and Accept=no in posthaste.socket"};
        taken.push_back({descriptor, *address});
    }
    return taken;
}

}  // namespace posthaste
