// What delivery promises, and the first promise that was seen broken: a simulation stops there.

#pragma once

#include <optional>
#include <string>

#include "lib/base/uuid.hpp"

namespace posthaste::simulation {

class promises {
  public:
    // `number`: of the event it is about; 0: of none.
    void expect(bool kept, const char* promise, sequence number = 0) {
        if (kept || broken_) return;
        broken_ = number == 0 ? promise : "event " + std::to_string(number) + ": " + promise;
    }
    [[nodiscard]] const std::optional<std::string>& broken() const noexcept { return broken_; }

  private:
    std::optional<std::string> broken_;
};

}  // namespace posthaste::simulation
