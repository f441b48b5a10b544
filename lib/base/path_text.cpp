#include "lib/base/path_text.hpp"

#include <string_view>

#include "lib/base/text.hpp"

namespace posthaste {

std::string printable_path(const std::string& path) {
    return printable(path, 1024);
}

std::string shell_word(const std::string& path) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./,:+@%=";
    if (!path.empty() && path.find_first_not_of(plain) == std::string::npos) return printable_path(path);
    std::string quoted = "'";
    for (const char c : path)
        quoted += c == '\'' ? std::string_view{"'\\''"} : std::string_view{&c, 1};
    return printable_path(quoted + "'");
}

}  // namespace posthaste
