#include "tests/system/recording_upstream/byte_stream.hpp"

#include <cstdio>
#include <cstdlib>

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

namespace posthaste {

SSL_CTX* make_server_context(const std::string& certificate, const std::string& key, bool outdated) {
    if (certificate.empty()) return nullptr;
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(context, 0);
    if (outdated) {
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    }
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        std::exit(1);
    }
    return context;
}

byte_stream::byte_stream(int socket, SSL_CTX* tls) : socket_(socket) {
    if (tls != nullptr) {
        tls_ = SSL_new(tls);
        SSL_set_fd(tls_, socket_);
    }
}

byte_stream::~byte_stream() {
    if (tls_ != nullptr) SSL_free(tls_);
    close(socket_);
}

void byte_stream::reset_at_close() {
    const linger at_once{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool byte_stream::open() {
    return tls_ == nullptr || SSL_accept(tls_) == 1;
}

bool byte_stream::read(std::string& to) {
    char block[65536];
    const auto got = tls_ != nullptr ? SSL_read(tls_, block, sizeof block) : recv(socket_, block, sizeof block, 0);
    if (got <= 0) return false;
    to.append(block, static_cast<std::size_t>(got));
    return true;
}

bool byte_stream::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto put = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                         : send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (put <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

}  // namespace posthaste
