// The Idempotency-Keys seen lately: bounded, the oldest forgotten first. Not thread-safe.

#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

namespace posthaste {

class recent_keys {
  public:
    explicit recent_keys(std::size_t most) : most_(most) {}

    // False when the key is remembered already.
    bool remember(std::string_view key);
    [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

  private:
    std::size_t most_;
    std::deque<std::string> order_;               // owns the keys: a deque never moves its elements
    std::unordered_set<std::string_view> known_;  // views into order_
};

}  // namespace posthaste
