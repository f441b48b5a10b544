#include "tests/system/support/certificates.hpp"

#include <cstdio>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace posthaste {

namespace {

constexpr long seconds_a_day = 24L * 60 * 60;

void add_extension(X509* to, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    if (extension == nullptr) throw std::runtime_error("no certificate extension of " + value);
    X509_add_ext(to, extension, -1);
    X509_EXTENSION_free(extension);
}

X509* make_certificate(const std::string& name, EVP_PKEY* key, int serial, long starts_in_seconds) {
    X509* made = X509_new();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
    X509_gmtime_adj(X509_getm_notBefore(made), starts_in_seconds - 60);
    X509_gmtime_adj(X509_getm_notAfter(made), starts_in_seconds + seconds_a_day);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return made;
}

void write_certificate(const std::string& file, X509* certificate) {
    std::FILE* out = std::fopen(file.c_str(), "w");
    PEM_write_X509(out, certificate);
    std::fclose(out);
}

void write_key(const std::string& file, EVP_PKEY* key) {
    std::FILE* out = std::fopen(file.c_str(), "w");
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
}

}  // namespace

certificate_authority::certificate_authority(const std::string& name)
    : name_(name), key_(EVP_EC_gen("P-256")), certificate_(make_certificate(name, key_, 1, 0)) {
    X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
    add_extension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate_, certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
    X509_sign(certificate_, key_, EVP_sha256());
    write_certificate(file(), certificate_);
}

certificate_authority::~certificate_authority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
}

certificate_files certificate_authority::issue(const std::string& names, int starts_in_days) {
    certificate_wish wish{names};
    wish.starts_in_days = starts_in_days;
    return issue(wish);
}

certificate_files certificate_authority::issue(const certificate_wish& wish) {
    const std::string stem = "server" + std::to_string(++issued_);
    const certificate_files files{folder_ / (stem + ".pem"), folder_ / (stem + ".key")};
    EVP_PKEY* key = wish.rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(static_cast<unsigned>(wish.rsa_bits));
    X509* made = make_certificate(wish.common_name, key, issued_ + 1, wish.starts_in_days * seconds_a_day);
    X509_set_issuer_name(made, X509_get_subject_name(wish.self_signed ? made : certificate_));
    if (!wish.names.empty()) add_extension(made, certificate_, NID_subject_alt_name, wish.names);
    if (!wish.usage.empty()) add_extension(made, certificate_, NID_ext_key_usage, wish.usage);
    X509_sign(made, wish.self_signed ? key : key_, EVP_get_digestbyname(wish.digest));
    write_certificate(files.certificate, made);
    write_key(files.key, key);
    X509_free(made);
    EVP_PKEY_free(key);
    return files;
}

}  // namespace posthaste
