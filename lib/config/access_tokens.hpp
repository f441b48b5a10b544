// The tokens that open the listener (listen.access_tokens_file), and the token that a client command presents.
//
// The file holds a token a line, with what it may do: "app TOKEN" or "operator TOKEN"; "#" begins a comment. A token is
// kept as its SHA-256 only. No message ever shows a token, nor a word that might be one. parse_access_tokens() and
// access_tokens are pure, any thread; the others read a file.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/base/sha256.hpp"
#include "lib/config/access_scope.hpp"
#include "lib/config/faults.hpp"
#include "lib/config/load.hpp"

namespace posthaste {

// Every fault of the file's text, in order of their lines.
[[nodiscard]] result<access_tokens, std::vector<located_fault>> parse_access_tokens(std::string_view text);

// Why a tokens' file cannot be used. Without a place: the file as a whole.
struct token_file_fault {
    std::optional<location> where;
    std::string what;  // an end of a sentence that the file's name begins
};

// "/etc/posthaste/tokens:3:1: has no token behind "app"".
[[nodiscard]] std::string to_text(const std::string& file, const token_file_fault& fault);

// Reads the file. One that every user of the host can read is a fault, except under $CREDENTIALS_DIRECTORY.
[[nodiscard]] result<access_tokens, std::vector<token_file_fault>> load_access_tokens(const std::string& file,
                                                                                      const environment& env);

// The token of a client command (--token-file): alone in its file, white space around it cut off. The error says what
// is wrong and what to do.
[[nodiscard]] result<std::string, std::string> load_client_token(const std::string& file, const environment& env);

}  // namespace posthaste
