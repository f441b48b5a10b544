// The file's size, the room behind its end, and the log that is copied into it (rules 5 and 6).

#include <algorithm>

#include "lib/outbox/outbox.hpp"

namespace posthaste {
namespace {

constexpr std::int64_t spare_pages = 4096;  // 16 MiB that the file may keep for the next backlog
constexpr std::int64_t spare_pages_when_scarce = 64;
constexpr std::int64_t pages_of_room = room_of_database / outbox_page_bytes;
// With so much free whatever we give back can be had again.
constexpr std::uint64_t nothing_at_stake = 2 * room_of_database;
constexpr std::uint64_t room_beside_events = MiB;  // that a commit adds
constexpr std::uint64_t frame_bytes = 24 + outbox_page_bytes;
// With less than this free, others may take what is given back for a moment.
constexpr std::uint64_t scarce_bytes = 16 * MiB;

// Of a statement that gives one number.
result<std::int64_t, sqlite_error> number_of(sqlite_statement& statement) {
    auto rows = statement.query();
    const std::int64_t number = rows.next() ? rows.integer(0) : 0;
    const auto read = rows.end();
    return read ? result<std::int64_t, sqlite_error>{number} : read.error();
}

// Up to which end, of a database that ends here. An event of a little more than half a page, or than a page, takes
// twice its bytes.
std::uint64_t room_behind(std::uint64_t end, std::uint64_t coming) noexcept {
    return end + std::max(room_of_database, 2 * coming + room_beside_events);
}

std::uint64_t rounded_up(std::uint64_t end) noexcept {
    return (end + room_step - 1) / room_step * room_step;
}

std::uint64_t less(std::uint64_t from, std::uint64_t amount) noexcept {
    return from - std::min(from, amount);
}

}  // namespace

result<bool, sqlite_error> outbox::vacuum_due(thrift how) {
    const auto free = number_of(free_pages_);
    const auto pages = number_of(pages_);
    if (!free || !pages) {
        return free ? pages.error() : free.error();
    }
    if (how == thrift::plenty) {
        return *free > spare_pages && *free > *pages / 2;
    }
    // Once a part of it is to be given back the rest costs nothing more.
    const bool begun = *pages < pages_copied_;
    return *free > spare_pages_when_scarce + pages_of_room ||
           (*free > spare_pages_when_scarce && (begun || !stakes_room()));
}

// Where the file is cut off all that is kept behind it goes with the rest, and somebody else may take it before we do:
// where they cannot both be had.
bool outbox::stakes_room() const noexcept {
    const auto free = room_.works() ? free_bytes(folder_of(queue_.path)) : std::optional(nothing_at_stake);
    return !free || *free < nothing_at_stake;
}

result<bool, sqlite_error> outbox::has_grown() {
    const auto pages = number_of(pages_);
    return pages ? result<bool, sqlite_error>{*pages > pages_copied_} : pages.error();
}

result<bool, sqlite_error> outbox::has_shrunk() {
    const auto pages = number_of(pages_);
    return pages ? result<bool, sqlite_error>{*pages < pages_copied_} : pages.error();
}

sqlite_result outbox::hold_to_room() {
    if (!room_.works() && room_.database_end() == 0) {
        return {};
    }
    const std::uint64_t pages = std::max<std::uint64_t>(room_.database_end() / outbox_page_bytes, 1);
    return database_.execute(("PRAGMA max_page_count = " + std::to_string(pages)).c_str());
}

result<std::uint64_t, sqlite_error> outbox::missing_room(std::uint64_t coming) {
    const auto pages = number_of(pages_);
    if (!pages) {
        return pages.error();
    }
    const auto end = static_cast<std::uint64_t>(*pages) * outbox_page_bytes;
    const auto copied = static_cast<std::uint64_t>(pages_copied_) * outbox_page_bytes;
    const std::uint64_t log = static_cast<std::uint64_t>(database_.wal_pages()) * frame_bytes + 2 * coming;
    if (!room_.works()) {  // what the log owes it, and may grow by
        return less(end, copied) + less(std::max(log, room_of_log), room_.log_size());
    }
    const std::uint64_t of_log = room_.log_end() < room_of_log ? room_of_log : less(log, room_of_log);
    const std::uint64_t wanted = room_behind(end, coming);
    const std::uint64_t there = std::max(room_.database_end(), copied);
    return (wanted > there ? rounded_up(wanted) - there : 0) + of_log;
}

result<bool, sqlite_error> outbox::take_room(std::uint64_t coming) {
    const auto pages = number_of(pages_);
    if (!pages) {
        return pages.error();
    }
    const std::uint64_t end = room_behind(static_cast<std::uint64_t>(*pages) * outbox_page_bytes, coming);
    const bool log = room_.take_log(room_of_log);
    const auto from = static_cast<std::uint64_t>(pages_copied_) * outbox_page_bytes;
    const bool behind = end <= room_.database_end() || room_.take_database(from, rounded_up(end));
    return log && behind;
}

// A checkpoint that found no room may have made the file longer all the same.
void outbox::note_size() noexcept {
    pages_copied_ = std::max(pages_copied_, static_cast<std::int64_t>(room_.database_size() / outbox_page_bytes));
}

// Everything behind the new end is given back with the cut, and others may take it: it is taken again at once. What is
// missing of it then is found out when it is asked for.
void outbox::was_cut(void* self, std::uint64_t end) noexcept {
    auto& room = static_cast<outbox*>(self)->room_;
    room.cut_database(end);
    static_cast<void>(room.take_database(end, rounded_up(room_behind(end, 0))));
}

sqlite_result outbox::copy_log(sqlite_checkpoint mode) {
    if (auto copied = database_.checkpoint(mode); !copied) {
        note_size();
        return copied;
    }
    const auto pages = number_of(pages_);
    if (!pages) {
        return pages.error();
    }
    const bool cut_off = *pages < pages_copied_;
    pages_copied_ = *pages;
    if (!cut_off) {
        return {};
    }
    const auto taken = take_room(0);  // a file system may have what was given back only once that was synced
    return taken ? sqlite_result{} : taken.error();
}

sqlite_result outbox::checkpoint() {
    return copy_log(sqlite_checkpoint::passive);
}

sqlite_result outbox::checkpoint_whole() {
    const auto free = free_bytes(folder_of(queue_.path));
    const bool scarce = free && *free < scarce_bytes;
    if (auto copied = copy_log(scarce ? sqlite_checkpoint::passive : sqlite_checkpoint::truncate); !copied) {
        return copied;
    }
    if (!scarce) {
        room_.cut_log();
    }
    const auto taken = take_room(0);
    return taken ? sqlite_result{} : taken.error();
}

}  // namespace posthaste
