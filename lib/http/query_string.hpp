// The parameters of a query, as HTML forms and most clients write them: name=value&…, percent-encoded, "+" for a space.
// Pure; any thread.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/http/problem.hpp"

namespace posthaste {

class query_string {
  public:
    // 400 invalid-query for a parameter that is not in `known` (which is empty where there are none), stands twice or
    // is badly encoded.
    [[nodiscard]] static result<query_string, problem> parse(std::string_view query,
                                                             std::span<const std::string_view> known);

    // Empty where it was not given.
    [[nodiscard]] std::optional<std::string> get(std::string_view name) const;

  private:
    std::vector<std::pair<std::string, std::string>> given_;
};

[[nodiscard]] problem invalid_query(std::string detail);

}  // namespace posthaste
