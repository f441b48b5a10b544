#include "lib/sandbox/recent_keys.hpp"

namespace posthaste {

bool recent_keys::remember(std::string_view key) {
    if (known_.contains(key)) return false;
    if (order_.size() == most_) {
        known_.erase(order_.front());
        order_.pop_front();
    }
    known_.insert(order_.emplace_back(key));
    return true;
}

}  // namespace posthaste
