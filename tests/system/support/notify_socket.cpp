#include "tests/system/support/notify_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/system/support/patience.hpp"

namespace posthaste {

notify_socket::notify_socket() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::system_error(errno, std::generic_category(), path());
}

notify_socket::~notify_socket() {
    ::close(socket_);
}

const std::vector<std::string>& notify_socket::messages() {
    char block[4096];
    for (ssize_t size = 0; (size = ::recv(socket_, block, sizeof block, 0)) >= 0;)
        messages_.emplace_back(block, static_cast<std::size_t>(size));
    return messages_;
}

std::size_t notify_socket::count(std::string_view beginning) {
    return static_cast<std::size_t>(std::ranges::count_if(
        messages(), [beginning](const std::string& message) { return message.starts_with(beginning); }));
}

std::string notify_socket::wait_for(std::string_view beginning, std::size_t from) {
    std::string found;
    (void)wait_until([&] {
        const auto& all = messages();
        for (std::size_t at = from; at < all.size() && found.empty(); ++at)
            if (all[at].starts_with(beginning)) found = all[at];
        return !found.empty();
    });
    return found;
}

}  // namespace posthaste
