// The TLS sessions that a peer gave, for its next connections: a handshake that resumes one costs neither signature nor
// certificate (RFC 8446, section 2.2; RFC 5077).
//
// Only verified peers give sessions. One of TLS 1.3 is offered once (RFC 8446, appendix C.4), one of TLS 1.2 as long as
// it lasts. At most 32 are kept. Belongs to one thread.

#pragma once

#include <memory>
#include <vector>

#include <openssl/ssl.h>

namespace posthaste {

class tls_sessions {
  public:
    tls_sessions() = default;
    tls_sessions(const tls_sessions&) = delete;
    tls_sessions& operator=(const tls_sessions&) = delete;

    // Once for each context: the sessions of its connections go to where those are attached.
    static void collect(SSL_CTX* context);

    // Before the handshake: offers a session, if there is one, and keeps those that come. This must outlive it.
    void attach(SSL* connection);
    // Before the connection is closed or freed: OpenSSL takes the session of one that ends without a close_notify for
    // broken, and HTTP has its own ends.
    static void keep_at_close(SSL* connection);
    // After a failed handshake.
    void forget() { kept_.clear(); }

  private:
    static int on_new_session(SSL* connection, SSL_SESSION* given);

    std::vector<std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>> kept_;
};

}  // namespace posthaste
