// Certificates made for one test: an authority of its own and what it signs.

#pragma once

#include <memory>
#include <string>

#include <openssl/types.h>

#include "tests/system/support/temp_folder.hpp"

namespace posthaste {

struct certificate_files {
    std::string certificate;  // paths of PEM files
    std::string key;
};

// What a certificate says, and how it is made: right, unless something is changed.
struct certificate_wish {
    std::string names;  // as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1"; may be none
    std::string common_name = "the test's upstream";  // which is no name that counts
    int starts_in_days = 0;                           // and is valid for a day
    std::string usage = {};                           // extended key usage: "clientAuth"
    const char* digest = "SHA256";
    int rsa_bits = 0;  // 0: an elliptic curve
    bool self_signed = false;
};

class certificate_authority {
  public:
    explicit certificate_authority(const std::string& name);
    ~certificate_authority();

    certificate_authority(const certificate_authority&) = delete;
    certificate_authority& operator=(const certificate_authority&) = delete;

    // The authority's own certificate, for upstream.ca_file.
    [[nodiscard]] std::string file() const { return folder_ / "authority.pem"; }
    // A server's certificate for such names, as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1". It is valid for a
    // day from `starts_in_days` on.
    [[nodiscard]] certificate_files issue(const std::string& names, int starts_in_days = 0);
    [[nodiscard]] certificate_files issue(const certificate_wish& wish);

  private:
    temp_folder folder_;
    std::string name_;
    EVP_PKEY* key_ = nullptr;
    X509* certificate_ = nullptr;
    int issued_ = 0;
};

}  // namespace posthaste
