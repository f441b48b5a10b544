#include "lib/base/uuid.hpp"

#include "lib/base/require.hpp"

namespace posthaste {

namespace {

constexpr bool dash_at(std::size_t position) {
    return position == 8 || position == 13 || position == 18 || position == 23;
}

void write_big_endian(std::uint64_t value, std::uint8_t* out, int bytes) {
    for (std::uint8_t* at = out + bytes; at != out; value >>= 8)
        *--at = static_cast<std::uint8_t>(value);
}

std::uint64_t read_big_endian(const std::uint8_t* in, int bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t* at = in; at != in + bytes; ++at)
        value = (value << 8) | *at;
    return value;
}

// -1 for what is no hexadecimal digit.
int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

uuid make_event_id(wall_time now, sequence number, std::uint64_t random) {
    REQUIRE(number <= max_sequence, "an event's number has 44 bits");
    constexpr std::uint64_t version = 7;
    constexpr std::uint64_t variant = 2;
    const auto unix_ms = static_cast<std::uint64_t>(now.time_since_epoch().count());
    const std::uint64_t random_a = random & 0xFFF;
    const std::uint64_t random_b = (random >> 12) & 0x3FFFF;
    uuid id;
    write_big_endian(unix_ms, &id.bytes[0], 6);
    write_big_endian(version << 12 | random_a, &id.bytes[6], 2);
    write_big_endian(variant << 62 | number << 18 | random_b, &id.bytes[8], 8);
    return id;
}

uuid following_id(const uuid& first, std::uint64_t later) {
    REQUIRE(sequence_of(first) + later <= max_sequence, "an event's number has 44 bits");
    uuid id = first;
    write_big_endian(read_big_endian(&first.bytes[8], 8) + (later << 18), &id.bytes[8], 8);
    return id;
}

sequence sequence_of(const uuid& id) noexcept {
    return (read_big_endian(&id.bytes[8], 8) >> 18) & max_sequence;
}

wall_time time_of(const uuid& id) noexcept {
    return wall_time{milliseconds{static_cast<std::int64_t>(read_big_endian(&id.bytes[0], 6))}};
}

std::string to_string(const uuid& id) {
    char text[uuid_text_size];
    write_uuid(id, text);
    return {text, uuid_text_size};
}

void write_uuid(const uuid& id, char (&out)[uuid_text_size]) noexcept {
    static constexpr char digits[] = "0123456789abcdef";
    std::size_t position = 0;
    for (const std::uint8_t byte : id.bytes) {
        if (dash_at(position)) out[position++] = '-';
        out[position++] = digits[byte >> 4];
        out[position++] = digits[byte & 0xF];
    }
}

std::optional<uuid> parse_uuid(std::string_view text) noexcept {
    if (text.size() != uuid_text_size) return std::nullopt;
    uuid id;
    std::size_t position = 0;
    for (std::uint8_t& byte : id.bytes) {
        if (dash_at(position) && text[position++] != '-') return std::nullopt;
        const int high = hex_value(text[position++]);
        const int low = hex_value(text[position++]);
        if (high < 0 || low < 0) return std::nullopt;
        byte = static_cast<std::uint8_t>(high << 4 | low);
    }
    return id;
}

}  // namespace posthaste
