// How many events there were in each 5 s of the last 15 minutes.
//
// Pure: the time is handed in. Memory and cost are fixed, and nothing is done while nothing happens. Belongs to one
// thread; a copy may go to another one.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lib/base/time.hpp"

namespace posthaste {

class rate_history {
  public:
    static constexpr seconds each{5};
    static constexpr std::int64_t length = std::chrono::seconds{std::chrono::minutes{15}} / each;

    // The span of `each` that a time lies in: spans are numbered alike by all histories.
    [[nodiscard]] static std::int64_t span_of(steady_time time) noexcept;

    // `now` never goes back between calls; a time that does is taken as the latest one.
    void add(steady_time now, std::uint64_t count = 1);
    // Events a second in each span from `first` to before `end`, at most the last `length` that `add` knew of: what is
    // older or newer reads as 0.
    [[nodiscard]] std::vector<double> per_second(std::int64_t first, std::int64_t end) const;

  private:
    // The span that is being counted, and the ones before it.
    static constexpr std::int64_t span_count = length + 1;

    [[nodiscard]] std::uint64_t counted_in(std::int64_t span) const noexcept;

    std::array<std::uint64_t, span_count> spans_{};
    std::int64_t latest_ = 0;  // the span of the latest add
    bool counting_ = false;
};

}  // namespace posthaste
