#include "lib/outbox/key_filter.hpp"

#include <algorithm>
#include <bit>

#include "lib/base/require.hpp"

namespace posthaste {
namespace {

constexpr std::size_t bits_of_a_key = 16;
constexpr std::size_t bits_of_a_word = 64;

// Four bits, told by the upper half of the hash; the lower half tells the word.
std::uint64_t bits_of(std::uint64_t hash) noexcept {
    std::uint64_t bits = 0;
    for (int from = 32; from < 56; from += 6) {
        bits |= std::uint64_t{1} << ((hash >> from) & (bits_of_a_word - 1));
    }
    return bits;
}

}  // namespace

key_filter::key_filter(std::size_t keys) : room_(keys) {
    REQUIRE(std::has_single_bit(keys) && keys >= bits_of_a_word / bits_of_a_key, "a generation's keys fill words");
}

void key_filter::add(std::uint64_t hash, sequence row) {
    if (generations_.empty() || generations_.back().keys == room_) {
        generations_.emplace_back().words.resize(room_ * bits_of_a_key / bits_of_a_word);
    }
    generation& newest = generations_.back();
    newest.words[hash & (newest.words.size() - 1)] |= bits_of(hash);
    newest.last = std::max(newest.last, row);
    ++newest.keys;
}

bool key_filter::may_hold(std::uint64_t hash) const noexcept {
    const std::uint64_t bits = bits_of(hash);
    return std::ranges::any_of(
        generations_, [&](const generation& one) { return (one.words[hash & (one.words.size() - 1)] & bits) == bits; });
}

void key_filter::forget_before(sequence row) {
    while (!generations_.empty() && generations_.front().last < row) {
        generations_.pop_front();
    }
}

std::size_t key_filter::keys() const noexcept {
    std::size_t keys = 0;
    for (const generation& one : generations_) {
        keys += one.keys;
    }
    return keys;
}

}  // namespace posthaste
