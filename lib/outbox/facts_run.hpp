// Facts of delivered events whose numbers follow each other, packed into one value: a row for many of them costs a
// fraction of what a row for each does.
//
// One after the other, numbers in little-endian order: id (16 bytes), received and delivered (8 each, Unix
// milliseconds), attempts, status, sizes of user id and name (4 each), user id, name. Pure.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.hpp"
#include "lib/base/uuid.hpp"

namespace posthaste {

// The texts are whose they were given by.
struct delivered_fact {
    uuid id;
    wall_time received_at;
    wall_time delivered_at;
    std::uint32_t attempts = 0;
    std::int32_t status = 0;
    std::string_view user_id;
    std::string_view name;
};

class facts_run {
  public:
    static constexpr std::size_t most_events = 256;

    // Whether there is room, and this is the number that comes next.
    [[nodiscard]] bool takes(sequence number) const noexcept;
    void add(sequence number, const delivered_fact& what);

    [[nodiscard]] std::size_t events() const noexcept { return events_; }
    [[nodiscard]] sequence first() const noexcept { return first_; }
    [[nodiscard]] wall_time latest() const noexcept { return latest_; }  // delivery of all
    [[nodiscard]] const std::string& packed() const noexcept { return packed_; }

  private:
    sequence first_ = 0;
    std::size_t events_ = 0;
    wall_time latest_;
    std::string packed_;
};

// As many runs as it takes for facts that come in the order of their numbers.
class facts_runs {
  public:
    void add(sequence number, const delivered_fact& what);

    [[nodiscard]] const std::vector<facts_run>& runs() const noexcept { return runs_; }

  private:
    std::vector<facts_run> runs_;
};

// CRC-32 of what a run holds, its place among them.
[[nodiscard]] std::uint32_t facts_checksum(sequence first, std::string_view packed) noexcept;

// The facts in their order, as views into `packed`; empty where it does not hold so many.
[[nodiscard]] std::optional<std::vector<delivered_fact>> unpack_facts(std::string_view packed, std::size_t events);

}  // namespace posthaste
