// The memory that the bodies of all connections may take together, with what is made of them and with answers that are
// not taken, until the requests are answered: a thousand large bodies at once must not be the end of the process.
// Belongs to the listener's thread.

#pragma once

#include <algorithm>
#include <cstdint>

namespace posthaste {

class body_budget {
  public:
    explicit body_budget(std::uint64_t most) : most_(most) {}

    // What was taken stays taken.
    void resize(std::uint64_t most) noexcept { most_ = most; }
    [[nodiscard]] bool is_full() const noexcept { return taken_ >= most_; }
    [[nodiscard]] bool take(std::uint64_t bytes) noexcept {
        if (bytes > most_ - std::min(taken_, most_)) return false;
        taken_ += bytes;
        return true;
    }
    void give_back(std::uint64_t bytes) noexcept { taken_ -= bytes; }
    [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

  private:
    std::uint64_t most_;
    std::uint64_t taken_ = 0;
};

}  // namespace posthaste
