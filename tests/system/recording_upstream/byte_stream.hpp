// An accepted connection, plain or over TLS; blocking, owned by the thread that serves it.

#pragma once

#include <string>
#include <string_view>

#include <openssl/ssl.h>

namespace posthaste {

// A server's TLS context of a PEM certificate (chain) and key, however weak they are; null when `certificate` is empty.
// `outdated`: TLS 1.1 at most. Exits on a bad file.
[[nodiscard]] SSL_CTX* make_server_context(const std::string& certificate, const std::string& key, bool outdated);

class byte_stream {
  public:
    byte_stream(int socket, SSL_CTX* tls);
    ~byte_stream();

    byte_stream(const byte_stream&) = delete;
    byte_stream& operator=(const byte_stream&) = delete;

    // False when the handshake failed.
    [[nodiscard]] bool open();
    // Appends what comes next; false at the end of the connection.
    [[nodiscard]] bool read(std::string& to);
    bool write(std::string_view bytes);
    // The end will be a reset.
    void reset_at_close();

  private:
    int socket_;
    SSL* tls_ = nullptr;
};

}  // namespace posthaste
