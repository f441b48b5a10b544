// A self-signed certificate with its key, made for one test.

#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace posthaste::testing {

class certificate {
  public:
    // `names`: as in openssl's subjectAltName, "DNS:localhost" or "IP:127.0.0.1"; empty: only the common name,
    // localhost.
    explicit certificate(const std::string& names, long begins = -3600, long ends = 3600)
        : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), x509_(X509_new(), X509_free) {
        X509_set_version(x509_.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(x509_.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(x509_.get()), begins);
        X509_gmtime_adj(X509_getm_notAfter(x509_.get()), ends);
        X509_NAME* const name = X509_get_subject_name(x509_.get());
        const auto* const text = reinterpret_cast<const unsigned char*>("localhost");
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
        X509_set_issuer_name(x509_.get(), name);
        X509_set_pubkey(x509_.get(), key_.get());
        if (!names.empty()) {
            X509_EXTENSION* const extension =
                X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
            X509_add_ext(x509_.get(), extension, -1);
            X509_EXTENSION_free(extension);
        }
        EXPECT_GT(X509_sign(x509_.get(), key_.get(), EVP_sha256()), 0);
        context_.reset(SSL_CTX_new(TLS_server_method()));
        SSL_CTX_use_certificate(context_.get(), x509_.get());
        SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    }

    [[nodiscard]] SSL_CTX* server() const { return context_.get(); }
    [[nodiscard]] X509* get() const { return x509_.get(); }

    // As a file of trusted certificates.
    [[nodiscard]] std::string write(const std::string& name = "ca") const {
        const std::string path = path_of(name + ".pem");
        std::FILE* const file = std::fopen(path.c_str(), "w");
        PEM_write_X509(file, x509_.get());
        std::fclose(file);
        return path;
    }

    [[nodiscard]] std::string write_key(const std::string& name) const {
        const std::string path = path_of(name + ".key");
        std::FILE* const file = std::fopen(path.c_str(), "w");
        PEM_write_PrivateKey(file, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(file);
        return path;
    }

  private:
    static std::string path_of(const std::string& name) {
        return ::testing::TempDir() + "posthaste-" + std::to_string(::getpid()) + "-" + name;
    }

    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
    std::unique_ptr<X509, decltype(&X509_free)> x509_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
};

}  // namespace posthaste::testing
