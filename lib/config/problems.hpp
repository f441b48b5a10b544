// The problems of one configuration, gathered from all its sources and listed in the order in which a person would
// come across them.
//
// Belongs to one thread.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/located_json.hpp"
#include "lib/config/faults.hpp"
#include "lib/config/load.hpp"

namespace posthaste {

class problem_list {
  public:
    // Something about `file` at `where` (none: about the file as a whole) and the key there ("": none).
    void add(const std::string& file, std::optional<location> where, const std::string& key, const std::string& what);
    // The faults of a value of `key`.
    void add(const std::string& file, const std::string& key, const value_faults& faults);
    // Something about `--set key=…`.
    void add_override(const std::string& key, const std::string& what);

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    // By file in the order in which they were first named, then by place; overrides come last.
    [[nodiscard]] config_problems sorted() const;

  private:
    struct entry {
        std::size_t source;
        std::optional<location> where;
        std::size_t number;  // in the order in which they were added
        std::string text;
    };

    std::size_t source_number(const std::string& file);

    std::vector<std::string> files_;
    std::vector<entry> entries_;
};

// "posthaste.json:14:7".
[[nodiscard]] std::string place_text(const std::string& file, location where);

}  // namespace posthaste
