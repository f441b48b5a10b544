// Tells of nearly every new idempotency key that it is new, without a look at the index on the disk.
//
// A Bloom filter (Bloom, 1970) in generations, as keys go in the order they came: each takes so many keys, at 16 bits
// apiece, and goes whole once the rows of all its keys are gone. Four bits of one word stand for a key (Putze, Sanders
// and Singler, 2007), so a look touches one line of the cache a generation; of a million other keys, some 1 in 25 look
// known, and are looked up for nothing. Nothing is ever called new that was added.
//
// In memory only: 256 KiB a generation of the usual size. Belongs to the store's thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "lib/base/uuid.hpp"

namespace posthaste {

class key_filter {
  public:
    static constexpr std::size_t keys_of_a_generation = 131'072;

    // `keys` of a generation: a power of two, 4 at least.
    explicit key_filter(std::size_t keys = keys_of_a_generation);

    // A key's hash, evenly spread, and the row that it stands in.
    void add(std::uint64_t hash, sequence row);
    // False: it was not added, or its row is before what was forgotten.
    [[nodiscard]] bool may_hold(std::uint64_t hash) const noexcept;
    // Rows before this one are gone.
    void forget_before(sequence row);
    [[nodiscard]] std::size_t keys() const noexcept;  // that were added and not forgotten

  private:
    struct generation {
        std::vector<std::uint64_t> words;
        std::size_t keys = 0;
        sequence last = 0;  // the highest row of its keys
    };

    const std::size_t room_;              // keys of a generation
    std::deque<generation> generations_;  // the newest last
};

}  // namespace posthaste
