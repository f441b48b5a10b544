#include "lib/outbox/facts_run.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "lib/base/crc32.hpp"
#include "lib/base/little_endian.hpp"

namespace posthaste {
namespace {

// Texts have limits where they come in; what a row of the outbox was damaged to may be longer.
constexpr std::size_t most_bytes = 64 * 1024;

// What is of one size in all, put together first: one append is quicker than eight.
class fixed_part {
  public:
    explicit fixed_part(const uuid& id) noexcept { put(id.bytes.data(), id.bytes.size()); }

    void put(std::integral auto number) noexcept {
        const auto bytes = to_little_endian(number);
        put(bytes.data(), bytes.size());
    }
    void put(wall_time time) noexcept { put(std::int64_t{time.time_since_epoch().count()}); }

    [[nodiscard]] std::string_view bytes() const noexcept { return {bytes_.data(), used_}; }

  private:
    void put(const void* bytes, std::size_t size) noexcept {
        std::memcpy(bytes_.data() + used_, bytes, size);
        used_ += size;
    }

    std::array<char, 48> bytes_;
    std::size_t used_ = 0;
};

// Reads from the front of what is left.
class unpacking {
  public:
    explicit unpacking(std::string_view packed) noexcept : rest_(packed) {}

    [[nodiscard]] std::string_view bytes(std::size_t size) noexcept {
        whole_ = whole_ && size <= rest_.size();
        const auto taken = rest_.substr(0, whole_ ? size : 0);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    template <std::integral Number>
    [[nodiscard]] Number number() noexcept {
        const auto from = bytes(sizeof(Number));
        return whole_ ? from_little_endian<Number>(from.data()) : Number{};
    }

    [[nodiscard]] bool whole() const noexcept { return whole_; }
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

  private:
    std::string_view rest_;
    bool whole_ = true;
};

wall_time time_in(unpacking& from) noexcept {
    return wall_time{milliseconds{from.number<std::int64_t>()}};
}

delivered_fact unpack(unpacking& from) noexcept {
    delivered_fact one;
    std::ranges::copy(from.bytes(one.id.bytes.size()), reinterpret_cast<char*>(one.id.bytes.data()));
    one.received_at = time_in(from);
    one.delivered_at = time_in(from);
    one.attempts = from.number<std::uint32_t>();
    one.status = from.number<std::int32_t>();
    const auto user_id_size = from.number<std::uint32_t>();
    const auto name_size = from.number<std::uint32_t>();
    one.user_id = from.bytes(user_id_size);
    one.name = from.bytes(name_size);
    return one;
}

}  // namespace

bool facts_run::takes(sequence number) const noexcept {
    return events_ == 0 || (number == first_ + events_ && events_ < most_events && packed_.size() < most_bytes);
}

void facts_run::add(sequence number, const delivered_fact& what) {
    first_ = events_ == 0 ? number : first_;
    latest_ = events_ == 0 ? what.delivered_at : std::max(latest_, what.delivered_at);
    ++events_;
    fixed_part head(what.id);
    head.put(what.received_at);
    head.put(what.delivered_at);
    head.put(what.attempts);
    head.put(what.status);
    head.put(static_cast<std::uint32_t>(what.user_id.size()));
    head.put(static_cast<std::uint32_t>(what.name.size()));
    packed_.append(head.bytes()).append(what.user_id).append(what.name);
}

void facts_runs::add(sequence number, const delivered_fact& what) {
    if (runs_.empty() || !runs_.back().takes(number)) {
        runs_.emplace_back();
    }
    runs_.back().add(number, what);
}

std::uint32_t facts_checksum(sequence first, std::string_view packed) noexcept {
    const auto number = to_little_endian(first);
    crc32 sum;
    sum.add({number.data(), number.size()});
    sum.add(packed);
    return sum.value();
}

std::optional<std::vector<delivered_fact>> unpack_facts(std::string_view packed, std::size_t events) {
    std::vector<delivered_fact> facts;
    unpacking from(packed);
    while (facts.size() < events && from.whole()) {
        facts.push_back(unpack(from));
    }
    return from.whole() && from.at_end() ? std::optional{std::move(facts)} : std::nullopt;
}

}  // namespace posthaste
