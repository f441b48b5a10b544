#include "tests/system/support/slow_crowd.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace posthaste {

namespace {

void raise_file_limit() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int status_of(std::string_view answer) {
    constexpr std::string_view before = "HTTP/1.1 ";
    return answer.starts_with(before) ? std::atoi(std::string(answer.substr(before.size(), 3)).c_str()) : 0;
}

}  // namespace

slow_crowd::slow_crowd(std::uint16_t port, std::size_t clients, std::vector<std::string> requests)
    : port_(port), requests_(std::move(requests)), clients_(clients) {
    raise_file_limit();
}

void slow_crowd::turn(std::size_t most_connects) {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        client& one = clients_[i];
        if (one.socket < 0) {
            if (most_connects == 0) continue;
            --most_connects;
            connect(one);
        }
        send_more(one, requests_[i % requests_.size()]);
    }
}

void slow_crowd::connect(client& one) {
    one.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    one.sent = 0;
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(port_);
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // Not waited for: what cannot be sent yet is sent in a later turn.
    (void)::connect(one.socket, reinterpret_cast<sockaddr*>(&peer), sizeof peer);
    ++connects_;
}

// The first time all but the last two bytes, then the last byte but one again and again.
void slow_crowd::send_more(client& one, const std::string& request) {
    char block[4096];
    const ssize_t got = recv(one.socket, block, sizeof block, 0);
    if (got >= 0 || (errno != EAGAIN && errno != ENOTCONN)) {
        ++closed_[status_of(std::string_view(block, static_cast<std::size_t>(std::max<ssize_t>(got, 0))))];
        close(std::exchange(one.socket, -1));
        return;
    }
    std::string_view more = request;
    more.remove_suffix(1);
    more.remove_prefix(std::min(one.sent, more.size() - 1));
    const ssize_t sent = send(one.socket, more.data(), more.size(), MSG_NOSIGNAL);
    if (sent > 0) one.sent += static_cast<std::size_t>(sent);
}

void slow_crowd::leave() {
    for (client& one : clients_)
        if (one.socket >= 0) close(std::exchange(one.socket, -1));
}

}  // namespace posthaste
