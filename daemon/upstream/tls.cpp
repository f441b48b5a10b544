#include "daemon/upstream/tls.hpp"

#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/base/text.hpp"

namespace posthaste {

namespace ssl = boost::asio::ssl;

namespace {

bool is_address(const std::string& host) {
    boost::system::error_code no_address;
    (void)boost::asio::ip::make_address(host, no_address);
    return !no_address;
}

start_failure unusable(std::string message) {
    return {exit_code::usage, std::move(message)};
}

}  // namespace

result<ssl::context, start_failure> make_tls_context(const upstream_settings& upstream) {
    ssl::context context(ssl::context::tls_client);
    SSL_CTX* const native = context.native_handle();
    if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1)
        return unusable("this OpenSSL does not offer TLS 1.2: check its configuration (openssl.cnf)");
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);

    boost::system::error_code failed;
    if (upstream.ca_file)
        context.load_verify_file(*upstream.ca_file, failed);
    else
        context.set_default_verify_paths(failed);
    if (!failed) return context;
    if (upstream.ca_file)
        return unusable("upstream.ca_file: no certificate could be read from " + printable(*upstream.ca_file) + ": " +
                        failed.message() + " (it must hold PEM certificates)");
    return unusable("the system's certificate store cannot be read: " + failed.message() +
                    " (install ca-certificates, or set upstream.ca_file)");
}

bool expect_certificate_of(SSL* session, const std::string& host) {
    X509_VERIFY_PARAM* const rules = SSL_get0_param(session);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);
    if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
    return SSL_set_tlsext_host_name(session, host.c_str()) == 1 &&
           X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1;
}

std::string explain_handshake_failure(SSL* session, const std::string& host, const boost::system::error_code& failed) {
    const long verified = SSL_get_verify_result(session);
    if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return "the certificate of " + host +
               " is not trusted: it was issued for another name (check upstream.url, and the certificate's subject "
               "alternative names)";
    if (verified != X509_V_OK) {
        const std::string reason = X509_verify_cert_error_string(verified);
        return "the certificate of " + host + " is not trusted: " + reason +
               " (if its authority is your own, name it in upstream.ca_file)";
    }
    if (failed.category() == boost::asio::error::get_ssl_category() &&
        ERR_GET_REASON(static_cast<unsigned long>(failed.value())) == SSL_R_WRONG_VERSION_NUMBER)
        return "the TLS handshake with " + host + " failed: it does not speak TLS on this port, or only an old version";
    return "the TLS handshake with " + host + " failed: " + printable(failed.message());
}

}  // namespace posthaste
