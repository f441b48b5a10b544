// An upstream whose certificate is wrong never gets the key, and the reason is told.

#include "tests/system/support/certificates.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

namespace {

// Lets everything pass that OpenSSL can let pass: it is the daemon that must be strict.
constexpr std::string_view lax_openssl_configuration =
    "openssl_conf = all\n[all]\nssl_conf = tls\n[tls]\nsystem_default = lax\n[lax]\nMinProtocol = TLSv1\n"
    "CipherString = DEFAULT@SECLEVEL=0\n";

constexpr const char* right_names = "DNS:localhost,IP:127.0.0.1";

// The upstream is asked in vain, again and again, and the reason stands wherever a person looks.
void expect_refused(upstream_process& upstream, const certificate_authority& known, const std::string& reason) {
    upstream.start();
    daemon_under_test daemon(upstream.url(), {{"upstream", {{"ca_file", known.file()}}}});
    daemon.set_environment({{"OPENSSL_CONF", daemon.folder().write("openssl.cnf", lax_openssl_configuration)}});
    daemon.start();
    const std::string id = daemon.post(sample_event());
    nlohmann::json facts;
    EXPECT_TRUE(wait_until([&] {
        facts = daemon.event(id);
        return facts.is_object() && facts.at("attempts") >= 2;
    })) << facts
        << daemon.log();
    EXPECT_EQ(facts.at("state"), "pending");
    const std::string told = facts.at("lastError").at("message");
    EXPECT_NE(told.find(reason), std::string::npos) << told;
    EXPECT_TRUE(facts.at("lastError").at("status").is_null());
    EXPECT_TRUE(daemon.running().wait_for_output(reason)) << daemon.log();
    EXPECT_EQ(upstream.requests().size(), 0u);
    EXPECT_EQ(daemon.log().find(daemon_under_test::api_key), std::string::npos);
}

struct wrong_certificate {
    const char* name;
    certificate_wish wish;
    const char* reason;
};

certificate_wish wish_for(const std::string& names, const std::function<void(certificate_wish&)>& change = {}) {
    certificate_wish wish{names};
    if (change) change(wish);
    return wish;
}

const wrong_certificate wrong_ones[] = {
    {"self_signed", wish_for(right_names, [](auto& wish) { wish.self_signed = true; }), "self-signed certificate"},
    {"expired", wish_for(right_names, [](auto& wish) { wish.starts_in_days = -3; }), "certificate has expired"},
    {"not_yet_valid", wish_for(right_names, [](auto& wish) { wish.starts_in_days = 3; }), "not yet valid"},
    {"of_another_host", wish_for("DNS:elsewhere.example,IP:127.0.0.2"), "issued for another name"},
    {"of_a_longer_name", wish_for("DNS:www.localhost,DNS:localhost.example"), "issued for another name"},
    {"with_a_common_name_only", wish_for("", [](auto& wish) { wish.common_name = "localhost"; }), "another name"},
    {"with_a_common_name_beside_another_name",
     wish_for("DNS:elsewhere.example", [](auto& wish) { wish.common_name = "localhost"; }), "another name"},
    {"with_a_wildcard_for_all", wish_for("DNS:*"), "issued for another name"},
    {"with_a_wildcard_below", wish_for("DNS:*.localhost"), "issued for another name"},
    {"with_a_partial_wildcard", wish_for("DNS:local*,DNS:l*t"), "issued for another name"},
    {"for_clients_only", wish_for(right_names, [](auto& wish) { wish.usage = "clientAuth"; }),
     "unsuitable certificate purpose"},
    {"signed_with_sha_1", wish_for(right_names, [](auto& wish) { wish.digest = "SHA1"; }), "digest algorithm too weak"},
    {"of_rsa_1024", wish_for(right_names, [](auto& wish) { wish.rsa_bits = 1024; }), "certificate key too weak"},
};

class certificate : public testing::TestWithParam<wrong_certificate> {};

}  // namespace

TEST_P(certificate, that_is_wrong_never_gets_the_key) {
    certificate_authority known("an authority we trust");
    const certificate_files files = known.issue(GetParam().wish);
    upstream_process upstream(files.certificate, files.key);
    expect_refused(upstream, known, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(wrong, certificate, testing::ValuesIn(wrong_ones),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(certificates, of_an_unknown_authority_never_get_the_key) {
    certificate_authority known("an authority we trust");
    certificate_authority stranger("an authority we do not trust");
    const certificate_files files = stranger.issue(right_names);
    upstream_process upstream(files.certificate, files.key);
    expect_refused(upstream, known, "unable to get local issuer certificate");
}

TEST(certificates, shown_over_tls_1_1_never_get_the_key) {
    certificate_authority known("an authority we trust");
    const certificate_files files = known.issue(right_names);
    upstream_process upstream(files.certificate, files.key);
    upstream.speak_outdated_tls();
    expect_refused(upstream, known, "it speaks no TLS 1.2 or newer");
}

TEST(certificates, of_rsa_2048_are_strong_enough) {
    certificate_authority known("an authority we trust");
    const certificate_files files =
        known.issue(wish_for(right_names, [](certificate_wish& wish) { wish.rsa_bits = 2048; }));
    upstream_process upstream(files.certificate, files.key);
    upstream.start();
    daemon_under_test daemon(upstream.url(), {{"upstream", {{"ca_file", known.file()}}}});
    daemon.start();
    EXPECT_TRUE(daemon.wait_for_state(daemon.post(sample_event()), "delivered")) << daemon.log();
}

}  // namespace posthaste
