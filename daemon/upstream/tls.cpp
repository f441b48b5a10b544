#include "daemon/upstream/tls.hpp"

#include <tuple>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "daemon/upstream/tls_sessions.hpp"
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

// 112 bits: refuses SHA-1 signatures and RSA keys under 2048 bits (SSL_CTX_set_security_level(3)).
constexpr int least_security = 2;

result<void, start_failure> load_trusted(ssl::context& context, const std::optional<std::string>& ca_file) {
    boost::system::error_code failed;
    if (ca_file)
        context.load_verify_file(*ca_file, failed);
    else
        context.set_default_verify_paths(failed);
    if (!failed) return {};
    if (ca_file)
        return unusable("upstream.ca_file: no certificate could be read from " + printable(*ca_file) + ": " +
                        failed.message() + " (it must hold PEM certificates)");
    return unusable("the system's certificate store cannot be read: " + failed.message() +
                    " (install ca-certificates, or set upstream.ca_file)");
}

result<void, start_failure> load_client_certificate(ssl::context& context, const upstream_settings& upstream) {
    if (!upstream.client_certificate_file || !upstream.client_key_file) return {};
    const auto& [certificate, key] = std::tie(*upstream.client_certificate_file, *upstream.client_key_file);
    // Else OpenSSL would ask the terminal for the passphrase of an encrypted key.
    SSL_CTX_set_default_passwd_cb(context.native_handle(), [](char*, int, int, void*) { return 0; });
    boost::system::error_code failed;
    context.use_certificate_chain_file(certificate, failed);
    if (failed)
        return unusable("upstream.client_certificate_file: no certificate could be used from " +
                        printable(certificate) + ": " + failed.message());
    context.use_private_key_file(key, ssl::context::pem, failed);
    if (failed)
        return unusable("upstream.client_key_file: no key of the certificate in " + printable(certificate) +
                        " could be read from " + printable(key) + ": " + failed.message());
    return {};
}

// What a person may do about it; "" where the reason says all.
std::string advice(long verified) {
    switch (verified) {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return " (if its authority is your own, name it in upstream.ca_file)";
        case X509_V_ERR_CERT_NOT_YET_VALID:
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return " (or this host's clock is wrong)";
        case X509_V_ERR_EE_KEY_TOO_SMALL:
        case X509_V_ERR_CA_KEY_TOO_SMALL:
        case X509_V_ERR_CA_MD_TOO_WEAK:
            return " (at least SHA-256 and RSA of 2048 bits are needed)";
        default:
            return "";
    }
}

bool has_reason(const boost::system::error_code& failed, int reason) {
    return failed.category() == boost::asio::error::get_ssl_category() &&
           ERR_GET_REASON(static_cast<unsigned long>(failed.value())) == reason;
}

}  // namespace

result<ssl::context, start_failure> make_tls_context(const upstream_settings& upstream) {
    ssl::context context(ssl::context::tls_client);
    SSL_CTX* const native = context.native_handle();
    if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1)
        return unusable("this OpenSSL does not offer TLS 1.2: check its configuration (openssl.cnf)");
    SSL_CTX_set_security_level(native, least_security);
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    tls_sessions::collect(native);
    if (auto loaded = load_trusted(context, upstream.ca_file); !loaded) return loaded.error();
    if (auto loaded = load_client_certificate(context, upstream); !loaded) return loaded.error();
    return context;
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
        return "the certificate of " + host + " is not trusted: " + X509_verify_cert_error_string(verified) +
               advice(verified);
    }
    if (has_reason(failed, SSL_R_WRONG_VERSION_NUMBER))
        return "the TLS handshake with " + host + " failed: it does not speak TLS on this port, or only an old version";
    if (has_reason(failed, SSL_R_UNSUPPORTED_PROTOCOL) || has_reason(failed, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION))
        return "the TLS handshake with " + host + " failed: it speaks no TLS 1.2 or newer";
    return "the TLS handshake with " + host + " failed: " + printable(failed.message());
}

std::string explain_broken_session(const boost::system::error_code& failed) {
    constexpr int certificate_required = SSL_AD_REASON_OFFSET + TLS13_AD_CERTIFICATE_REQUIRED;
    if (has_reason(failed, certificate_required))
        return "the upstream asks for a client certificate (upstream.client_certificate_file)";
    return printable(failed.message());
}

}  // namespace posthaste
