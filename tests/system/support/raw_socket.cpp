#include "tests/system/support/raw_socket.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace posthaste {

namespace {

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

http_answer parse_head(std::string_view head) {
    http_answer answer;
    answer.head = head;
    const std::size_t space = head.find(' ');
    if (space != std::string_view::npos) {
        const std::string_view rest = head.substr(space + 1);
        std::from_chars(rest.data(), rest.data() + rest.size(), answer.status);
    }
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
        const std::size_t start = at + 2;
        at = head.find("\r\n", start);
        const std::string_view line = head.substr(start, at == std::string_view::npos ? at : at - start);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos)
            answer.headers[lower_case(std::string(line.substr(0, colon)))] = trimmed(line.substr(colon + 1));
    }
    return answer;
}

bool bodyless(int status) {
    return status / 100 == 1 || status == 204 || status == 304;
}

bool poll_for(int socket, short events, std::chrono::milliseconds at_most) {
    pollfd entry{socket, events, 0};
    return poll(&entry, 1, static_cast<int>(at_most.count())) > 0;
}

}  // namespace

std::string http_answer::header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string() : found->second;
}

raw_socket::raw_socket(std::uint16_t port, const std::string& address) {
    if (address.starts_with('/')) {
        socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un peer{};
        peer.sun_family = AF_UNIX;
        address.copy(peer.sun_path, sizeof peer.sun_path - 1);
        connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0;
        return;
    }
    const bool six = address.find(':') != std::string::npos;
    socket_ = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (six) {
        sockaddr_in6 peer{};
        peer.sin6_family = AF_INET6;
        peer.sin6_port = htons(port);
        inet_pton(AF_INET6, address.c_str(), &peer.sin6_addr);
        connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0;
    } else {
        sockaddr_in peer{};
        peer.sin_family = AF_INET;
        peer.sin_port = htons(port);
        inet_pton(AF_INET, address.c_str(), &peer.sin_addr);
        connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0;
    }
}

raw_socket::raw_socket(raw_socket&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_), buffer_(std::move(other.buffer_)) {}

raw_socket::~raw_socket() {
    close();
}

bool raw_socket::send(std::string_view bytes) {
    while (!bytes.empty()) {
        if (!poll_for(socket_, POLLOUT, patience)) return false;
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void raw_socket::half_close() {
    shutdown(socket_, SHUT_WR);
}

void raw_socket::close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void raw_socket::reset() {
    const linger at_once{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

raw_socket::read_result raw_socket::fill(std::chrono::milliseconds at_most) {
    if (!poll_for(socket_, POLLIN, at_most)) return read_result::timeout;
    char block[65536];
    const ssize_t got = recv(socket_, block, sizeof block, 0);
    if (got <= 0) return read_result::end;
    buffer_.append(block, static_cast<std::size_t>(got));
    return read_result::bytes;
}

std::optional<http_answer> raw_socket::read_answer() {
    std::size_t head_size = 0;
    while ((head_size = buffer_.find("\r\n\r\n")) == std::string::npos)
        if (fill(patience) != read_result::bytes) return {};
    http_answer answer = parse_head(std::string_view(buffer_).substr(0, head_size));
    buffer_.erase(0, head_size + 4);
    if (bodyless(answer.status)) return answer;
    if (answer.header("transfer-encoding") == "chunked") {
        auto body = read_chunks();
        if (!body) return {};
        answer.body = *std::move(body);
        return answer;
    }
    const std::string length = answer.header("content-length");
    if (length.empty()) {  // up to the end of the connection
        while (fill(patience) == read_result::bytes)
            continue;
        answer.body = std::exchange(buffer_, {});
        return answer;
    }
    const std::size_t size = std::stoul(length);
    while (buffer_.size() < size)
        if (fill(patience) != read_result::bytes) return {};
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
}

std::optional<std::string> raw_socket::read_chunks() {
    std::string body;
    for (;;) {
        std::size_t line = 0;
        while ((line = buffer_.find("\r\n")) == std::string::npos)
            if (fill(patience) != read_result::bytes) return {};
        const std::size_t size = std::stoul(buffer_.substr(0, line), nullptr, 16);
        while (buffer_.size() < line + 2 + size + 2)
            if (fill(patience) != read_result::bytes) return {};
        body.append(buffer_, line + 2, size);
        buffer_.erase(0, line + 2 + size + 2);
        if (size == 0) return body;
    }
}

std::optional<std::string> raw_socket::read_until_close(std::chrono::milliseconds at_most) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    for (;;) {
        const auto left = deadline - std::chrono::steady_clock::now();
        const read_result got =
            fill(std::max(std::chrono::milliseconds{0}, std::chrono::duration_cast<std::chrono::milliseconds>(left)));
        if (got == read_result::end) return std::exchange(buffer_, {});
        if (got == read_result::timeout) return {};
    }
}

bool raw_socket::closed_by_peer(std::chrono::milliseconds at_most) {
    return buffer_.empty() && fill(at_most) == read_result::end;
}

bool raw_socket::has_more(std::chrono::milliseconds within) {
    return !buffer_.empty() || fill(within) == read_result::bytes;
}

std::string raw_socket::read_some(std::size_t at_most) {
    if (buffer_.empty()) (void)fill(patience);
    std::string taken = buffer_.substr(0, at_most);
    buffer_.erase(0, taken.size());
    return taken;
}

std::string request_text(std::string_view method, std::string_view path, const http_headers& headers,
                         std::string_view body, std::uint16_t port) {
    std::string text = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\n";
    bool host = false;
    bool length = false;
    for (const auto& [name, value] : headers) {
        text += name + ": " + value + "\r\n";
        host = host || lower_case(name) == "host";
        length = length || lower_case(name) == "content-length" || lower_case(name) == "transfer-encoding";
    }
    if (!host) text += "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
    if (!length && (!body.empty() || method == "POST"))
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + std::string(body);
}

std::optional<http_answer> http_call(std::uint16_t port, std::string_view method, std::string_view path,
                                     const http_headers& headers, std::string_view body) {
    raw_socket connection(port);
    if (!connection.connected() || !connection.send(request_text(method, path, headers, body, port))) return {};
    return connection.read_answer();
}

std::optional<http_answer> post_event(std::uint16_t port, std::string_view body, std::string_view path) {
    return http_call(port, "POST", path, {{"Content-Type", "application/json"}}, body);
}

std::string sample_event(std::string_view user, std::string_view ticket) {
    return R"({"event": "Ticket Created", "userId": ")" + std::string(user) + R"(", "data": {"ticketName": ")" +
           std::string(ticket) + R"(", "customerEmail": "ada@example.com", "description": "Please help"}})";
}

}  // namespace posthaste
