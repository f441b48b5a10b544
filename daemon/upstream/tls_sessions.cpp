#include "daemon/upstream/tls_sessions.hpp"

namespace posthaste {

namespace {

constexpr std::size_t most_sessions = 32;

int owner_index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

}  // namespace

void tls_sessions::collect(SSL_CTX* context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_new_session);
}

void tls_sessions::attach(SSL* connection) {
    SSL_set_ex_data(connection, owner_index(), this);
    if (kept_.empty()) return;
    SSL_SESSION* const newest = kept_.back().get();
    SSL_set_session(connection, newest);  // takes a reference of its own
    if (SSL_SESSION_get_protocol_version(newest) >= TLS1_3_VERSION) kept_.pop_back();
}

void tls_sessions::keep_at_close(SSL* connection) {
    SSL_set_shutdown(connection, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

int tls_sessions::on_new_session(SSL* connection, SSL_SESSION* given) {
    constexpr int taken = 1;
    auto* const owner = static_cast<tls_sessions*>(SSL_get_ex_data(connection, owner_index()));
    if (owner == nullptr) return 0;
    if (owner->kept_.size() == most_sessions) owner->kept_.erase(owner->kept_.begin());
    owner->kept_.emplace_back(given, SSL_SESSION_free);
    return taken;
}

}  // namespace posthaste
