#include "lib/outbox/log_check.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <vector>

namespace posthaste {
namespace {

constexpr std::size_t log_head = 32;
constexpr std::size_t frame_head = 24;
constexpr std::uint32_t log_magic = 0x377f0682;  // the lowest bit says in which order the sums read their words
constexpr std::size_t salts = 8;                 // bytes

std::uint32_t word(const unsigned char* at, bool big_endian) {
    std::uint32_t value = 0;
    for (int n = 0; n < 4; ++n) {
        value = value << 8 | at[big_endian ? n : 3 - n];
    }
    return value;
}

struct log_sum {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    bool big_endian = false;

    void add(const unsigned char* bytes, std::size_t size) {
        for (std::size_t at = 0; at + 8 <= size; at += 8) {
            a += word(bytes + at, big_endian) + b;
            b += word(bytes + at + 4, big_endian) + a;
        }
    }
    [[nodiscard]] bool is(const unsigned char* stored) const {
        return word(stored, true) == a && word(stored + 4, true) == b;
    }
};

// A frame of an earlier turn of the log has other salts; one that ends a commit has the database's size.
bool ends_a_commit_of(const std::vector<unsigned char>& frame, const unsigned char* head_salts) {
    return word(&frame[4], true) != 0 && std::memcmp(&frame[8], head_salts, salts) == 0;
}

struct findings {
    log_use use = log_use::absent;
    bool blank = false;            // zeros to the end
    std::size_t lost_commits = 0;  // which end behind the first wrong checksum
};

bool is_blank(std::ifstream& log) {
    std::array<char, 64 * 1024> piece{};
    do {
        log.read(piece.data(), piece.size());
        if (std::any_of(piece.data(), piece.data() + log.gcount(), [](char byte) { return byte != 0; })) {
            return false;
        }
    } while (log);
    return true;
}

findings look_at(const std::string& file) {
    std::ifstream log(file, std::ios::binary);
    std::array<unsigned char, log_head> head{};
    if (!log.read(reinterpret_cast<char*>(head.data()), head.size())) {
        return {};  // empty, as a checkpoint leaves it, or never written
    }
    const std::uint32_t magic = word(head.data(), true);
    const std::uint32_t page_size = word(&head[8], true);
    log_sum sum{.big_endian = (magic & 1) != 0};
    sum.add(head.data(), 24);
    if ((magic & ~1U) != log_magic || page_size < 512 || page_size > 65536 || !sum.is(&head[24])) {
        return {.use = log_use::unusable, .blank = std::ranges::count(head, 0) == std::ssize(head) && is_blank(log)};
    }
    std::vector<unsigned char> frame(frame_head + page_size);
    findings found{.use = log_use::whole};
    bool sound = true;
    while (log.read(reinterpret_cast<char*>(frame.data()), static_cast<std::streamsize>(frame.size()))) {
        if (sound) {
            const bool of_this_turn = std::memcmp(&frame[8], &head[16], salts) == 0;
            sum.add(frame.data(), 8);
            sum.add(&frame[frame_head], page_size);
            sound = of_this_turn && sum.is(&frame[16]);
        }
        if (!sound && ends_a_commit_of(frame, &head[16])) {
            found.use = log_use::in_part;
            ++found.lost_commits;
        }
    }
    return found;
}

}  // namespace

std::string_view to_string(log_use use) noexcept {
    switch (use) {
        case log_use::absent:
            return "absent";
        case log_use::whole:
            return "used";
        case log_use::in_part:
            return "used in part";
        case log_use::unusable:
            break;
    }
    return "unusable";
}

log_use usable_part_of_log(const std::string& file) {
    return look_at(file).use;
}

bool log_lost_commits(const std::string& file, durability durable) {
    const auto found = look_at(file);
    if (found.use == log_use::unusable) {
        return !found.blank;
    }
    return durable == durability::full && found.lost_commits > 1;
}

}  // namespace posthaste
