// A peer over real sockets on 127.0.0.1 whose every connection follows a script, on a thread of its own; plain or TLS.

#pragma once

#include <atomic>
#include <charconv>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace posthaste::testing {

// One accepted connection, with blocking calls.
class peer_connection {
  public:
    peer_connection(int socket, SSL* session) : socket_(socket), session_(session) {}
    ~peer_connection() {
        if (owned_) SSL_free(session_);
    }

    peer_connection(const peer_connection&) = delete;
    peer_connection& operator=(const peer_connection&) = delete;

    // Speaks TLS from now on; false when the handshake failed.
    bool start_tls(SSL_CTX* context) {
        session_ = SSL_new(context);
        owned_ = true;
        SSL_set_fd(session_, socket_);
        return SSL_accept(session_) == 1;
    }

    // Empty at the end of the stream.
    std::string read_some() {
        char bytes[16 * 1024];
        const auto got = session_ != nullptr ? SSL_read(session_, bytes, sizeof bytes)
                                             : static_cast<int>(::recv(socket_, bytes, sizeof bytes, 0));
        return got > 0 ? std::string(bytes, static_cast<std::size_t>(got)) : std::string();
    }

    // A whole request, head and body; what comes after it is kept. Empty at the end of the stream.
    std::string read_request() {
        constexpr std::string_view length_field = "Content-Length: ";
        std::size_t whole = 0;
        for (;;) {
            const auto head_end = whole == 0 ? received_.find("\r\n\r\n") : std::string::npos;
            if (head_end != std::string::npos) {
                std::size_t length = 0;
                if (const auto at = received_.find(length_field); at < head_end)
                    std::from_chars(received_.data() + at + length_field.size(), received_.data() + head_end, length);
                whole = head_end + 4 + length;
            }
            if (whole > 0 && received_.size() >= whole) {
                std::string request = received_.substr(0, whole);
                received_.erase(0, whole);
                return request;
            }
            const std::string more = read_some();
            if (more.empty()) return {};
            received_ += more;
        }
    }

    // False: the other side is gone.
    bool write(std::string_view text) {
        if (session_ != nullptr) return SSL_write(session_, text.data(), static_cast<int>(text.size())) > 0;
        while (!text.empty()) {
            const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    void wait_for_close() {
        while (!read_some().empty()) {
        }
    }

  private:
    int socket_;
    SSL* session_;
    bool owned_ = false;  // the session was started here
    std::string received_;
};

class scripted_peer {
  public:
    using script = std::function<void(peer_connection&)>;

    // Each connection follows the next script, one after the other, then is closed; the last one serves all further
    // ones. `tls`: owned by the caller.
    explicit scripted_peer(std::vector<script> scripts, SSL_CTX* tls = nullptr)
        : scripts_(std::move(scripts)), tls_(tls), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(listening_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(listening_, 64), 0);
        EXPECT_EQ(::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }

    ~scripted_peer() {
        ::shutdown(listening_, SHUT_RDWR);
        thread_.join();
        ::close(listening_);
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int connections() const { return connections_; }
    [[nodiscard]] bool shook_hands() const { return shook_hands_; }

  private:
    void serve() {
        for (std::size_t next = 0;; ++next) {
            const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) return;
            ++connections_;
            SSL* session = tls_ != nullptr ? SSL_new(tls_) : nullptr;
            if (session != nullptr) {
                SSL_set_fd(session, socket);
                shook_hands_ = SSL_accept(session) == 1;
            }
            if (session == nullptr || shook_hands_) {
                peer_connection connection(socket, session);
                scripts_[std::min(next, scripts_.size() - 1)](connection);
            }
            if (session != nullptr) SSL_free(session);
            ::close(socket);
        }
    }

    std::vector<script> scripts_;
    SSL_CTX* tls_;
    int listening_;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_ = 0;
    std::atomic<bool> shook_hands_ = false;
    std::thread thread_;
};

}  // namespace posthaste::testing
