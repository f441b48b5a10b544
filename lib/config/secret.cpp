#include "lib/config/secret.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "lib/base/path_text.hpp"
#include "lib/base/text.hpp"
#include "lib/config/file.hpp"

namespace posthaste {

namespace {

constexpr std::size_t most_key_bytes = 4096;
constexpr std::size_t most_private_key_bytes = 64 * 1024;
constexpr auto open_to_every_user = 007;

result<secret, std::string> refused(std::string why) {
    return {boost::system::in_place_error, std::move(why)};
}

bool is_under(const std::string& path, const std::string& folder) {
    std::error_code error;
    const auto file = std::filesystem::weakly_canonical(path, error);
    if (error) return false;
    const auto above = std::filesystem::weakly_canonical(folder, error);
    if (error) return false;
    const auto [end, ignored] = std::mismatch(above.begin(), above.end(), file.begin(), file.end());
    return end == above.end();
}

// An empty one is as good as none: every path would be below it.
std::optional<std::string> credentials_folder(const environment& env) {
    auto folder = env("CREDENTIALS_DIRECTORY");
    return folder && !folder->empty() ? std::move(folder) : std::nullopt;
}

// A key goes into a header: visible ASCII only (RFC 6750, section 2.1, is narrower still).
result<secret, std::string> usable_key(std::string text, const std::string& source) {
    const auto last = text.find_last_not_of(" \t\r\n");
    text.erase(last == std::string::npos ? 0 : last + 1);
    if (text.empty()) return refused(source + " is empty: put the API key there");
    if (text.find(' ') != std::string::npos) {
        return refused(source + " holds a space: put the API key alone there, without \"Bearer\"");
    }
    const auto odd = std::find_if(text.begin(), text.end(), [](char c) { return c < 0x21 || c > 0x7e; });
    if (odd != text.end()) {
        return refused(source + " holds a byte that no header may carry (byte " +
                       std::to_string(odd - text.begin() + 1) + "): put the API key alone there, on one line");
    }
    return secret{std::move(text), source, std::nullopt};
}

// A key that was written where its file's name belongs must not be shown; a real name mostly has a slash.
std::string shown_path(const std::string& path) {
    return path.find('/') == std::string::npos ? "the file named here" : printable(path);
}

result<secret, std::string> key_from_file(const std::string& path, const std::string& shown, bool judge_mode) {
    auto content = read_whole_file(path, most_key_bytes);
    if (!content) {
        const auto help = content.error().error == ENOENT ? " (the API key's file is named here, not the key)" : "";
        return refused(shown + " cannot be read: " + content.error().reason + help);
    }
    if (judge_mode) {
        if (auto fault = openness_fault(path, content->mode)) return refused(shown + *std::move(fault));
    }
    return usable_key(std::move(content->text), shown);
}

}  // namespace

result<secret, std::string> load_api_key(const std::optional<std::string>& key_file, const environment& env) {
    if (key_file) {
        const bool for_life = is_credential(*key_file, env);
        auto key = key_from_file(*key_file, shown_path(*key_file), !for_life);
        if (key && !for_life) key->watched = *key_file;
        return key;
    }
    if (const auto credentials = credentials_folder(env)) {
        const auto path = *credentials + "/api_key";
        std::error_code error;
        if (std::filesystem::exists(path, error)) return key_from_file(path, "$CREDENTIALS_DIRECTORY/api_key", false);
    }
    if (auto given = env("POSTHASTE_API_KEY")) return usable_key(*std::move(given), "$POSTHASTE_API_KEY");
    return refused(
        "no API key: name its file here, or give the key as $POSTHASTE_API_KEY, or as the systemd credential api_key");
}

bool is_credential(const std::string& file, const environment& env) {
    const auto credentials = credentials_folder(env);
    return credentials && is_under(file, *credentials);
}

std::optional<std::string> private_key_fault(const std::string& file, const environment& env) {
    const auto shown = printable(file);
    const auto content = read_whole_file(file, most_private_key_bytes);
    if (!content) return shown + " cannot be read: " + content.error().reason;
    if (!is_credential(file, env)) {
        if (auto fault = openness_fault(file, content->mode)) return shown + *std::move(fault);
    }
    if (content->text.find("PRIVATE KEY-----") == std::string::npos)
        return shown + " holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)";
    if (content->text.find("ENCRYPTED") != std::string::npos)
        return shown +
               " is encrypted, and nobody could be asked for its passphrase: store it unencrypted (openssl pkey)";
    return std::nullopt;
}

std::optional<std::string> openness_fault(const std::string& path, mode_t mode) {
    if ((mode & open_to_every_user) == 0) return std::nullopt;
    std::array<char, 16> digits{};
    std::snprintf(digits.data(), digits.size(), "%04o", mode);
    return " is open to every user of this host (mode " + std::string(digits.data()) +
           "): run  chmod o= " + shell_word(path);
}

}  // namespace posthaste
