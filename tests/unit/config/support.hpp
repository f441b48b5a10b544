// What the tests of the configuration share: a configuration loaded from text, and a folder of its own.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "lib/config/load.hpp"

namespace posthaste::test {

using variables = std::map<std::string, std::string>;

// Has a key, so that only what a test is about can be wrong.
inline const variables with_key = {{"POSTHASTE_API_KEY", "secret-key"}};

[[nodiscard]] environment environment_of(variables values);

// Loads `text` as the file "posthaste.json".
[[nodiscard]] result<settings, config_problems> load(std::string_view text, std::vector<config_override> overrides = {},
                                                     const variables& env = with_key);

// The settings of a text that must be fine; the test fails, with the problems, when it is not.
[[nodiscard]] settings loaded(std::string_view text, std::vector<config_override> overrides = {},
                              const variables& env = with_key);

// The problems' lines; empty when there are none.
[[nodiscard]] std::vector<std::string> problems_of(std::string_view text, std::vector<config_override> overrides = {},
                                                   const variables& env = with_key);

// {"upstream": {"url": "https://api.example.com"}, MEMBERS}; `members` begins at line 1, column 51.
[[nodiscard]] std::string with_url(std::string_view members);

// A folder that is removed with all that is in it.
class scratch_folder {
  public:
    scratch_folder();
    ~scratch_folder();

    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    // Writes a file below the folder (its folders are made) and gives its path.
    std::string write(const std::string& name, std::string_view text, mode_t mode = 0600) const;

  private:
    std::string path_;
};

}  // namespace posthaste::test
