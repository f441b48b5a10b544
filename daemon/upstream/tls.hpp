// TLS towards the upstream: version 1.2 or newer, and a certificate that is verified against the CA store and against
// the host's name or address (RFC 6125, without partial wildcards and without the subject's common name), signed with
// nothing weaker than SHA-256 and RSA of 2048 bits, whatever the system's openssl.cnf allows. Asio's defaults would
// take any certificate.

#pragma once

#include <string>

#include <boost/asio/ssl/context.hpp>

#include "lib/base/result.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// Loads the CA store: ca_file, else the system's; and the client's certificate and key, if any. Any thread. The error
// names the file and what is wrong with it.
[[nodiscard]] result<boost::asio::ssl::context, start_failure> make_tls_context(const upstream_settings& upstream);

// Before the handshake: the name that is asked for (SNI) and the name or address that must be in the certificate.
// False: OpenSSL is out of memory or the host is no name that a certificate could hold; nothing may be sent.
[[nodiscard]] bool expect_certificate_of(SSL* session, const std::string& host);

// After a failed handshake: a sentence for a person, "the certificate of HOST is not trusted: …".
[[nodiscard]] std::string explain_handshake_failure(SSL* session, const std::string& host,
                                                    const boost::system::error_code& failed);

// Why an established connection broke, for a person: TLS 1.3 tells only then that a client's certificate is asked for.
[[nodiscard]] std::string explain_broken_session(const boost::system::error_code& failed);

}  // namespace posthaste
