// The [Service] part of a unit file, as far as a sandbox needs it.

#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace posthaste {

class unit_file {
  public:
    explicit unit_file(const std::string& path);

    // The values of all lines of that name, in their order, split at white space; an empty line begins anew.
    [[nodiscard]] std::vector<std::string> words(const std::string& name) const;
    [[nodiscard]] bool says_yes(const std::string& name) const {
        return words(name) == std::vector<std::string>{"yes"};
    }
    // What SystemCallFilter= leaves, its groups taken apart as `systemd-analyze syscall-filter` knows them.
    [[nodiscard]] std::set<std::string> allowed_calls() const;

  private:
    std::multimap<std::string, std::string> lines_;
};

}  // namespace posthaste
