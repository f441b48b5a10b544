#include "tests/system/support/reserved_port.hpp"

#include <cerrno>
#include <system_error>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace posthaste {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

}  // namespace

reserved_port::reserved_port() : reservation_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    setsockopt(reservation_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(reservation_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(reservation_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::system_error(errno, std::generic_category(), "bind");
    number_ = ntohs(address.sin_port);
}

reserved_port::~reserved_port() {
    close(reservation_);
}

bool reserved_port::answers() const {
    const int attempt = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(number_);
    const bool connected = connect(attempt, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(attempt);
    return connected;
}

}  // namespace posthaste
