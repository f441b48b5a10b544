// What the store thread does for the disk's sake: watch it, take room of it ahead, give back what is free, and keep the
// log short.

#include <utility>

#include "daemon/store/store_thread.hpp"

namespace posthaste {

// What the log holds must have its place in the database before the last of the room goes: then settlements go on in
// the log's own blocks, over and over (rule 6). So it is copied before anybody hears that the disk is full.
void store_thread::watch_disk(steady_time now, std::uint64_t coming) {
    const bool was_low = std::exchange(low_, lacks_room(now, coming));
    if (low_ && !was_low) {
        copy_log();
    }
}

// What events may need later is taken of the disk before they are: others may fill it at any time. While new ones are
// refused the reserve is what the rest is taken from.
bool store_thread::lacks_room(steady_time now, std::uint64_t coming) {
    const auto missing = box_->missing_room(coming);
    if (!missing) {
        fail(missing.error());
    }
    if (!disk_.low(now, coming, *missing)) {
        return *missing > 0 && !take_room(coming);
    }
    if (*missing > 0 && !disk_.nearly_full(*missing)) {
        static_cast<void>(take_room(0));
    }
    return true;
}

bool store_thread::take_room(std::uint64_t coming) {
    const auto taken = box_->take_room(coming);
    if (!taken) {
        fail(taken.error());
    }
    return *taken;
}

// Nothing waits: the moment to give free space back to the file system.
void store_thread::shrink() {
    const auto due = box_->vacuum_due(low_ ? outbox::thrift::scarce : outbox::thrift::plenty);
    if (!due) {
        fail(due.error());
    }
    may_shrink_ = *due;
    if (const auto done = *due ? box_->vacuum_slice() : sqlite_result{}; !done) {
        if (!done.error().is_full()) {
            fail(done.error());
        }
        const bool given_back = has_shrunk();  // what fills the log
        if (given_back) {
            copy_log();
        }
        may_shrink_ = given_back && !has_shrunk();
    } else if (!*due && has_shrunk()) {
        copy_log();  // with this the file gets shorter
    }
}

bool store_thread::has_shrunk() {
    const auto shrunk = box_->has_shrunk();
    if (!shrunk) {
        fail(shrunk.error());
    }
    return *shrunk;
}

void store_thread::keep_house() {
    const auto grown = low_ || held_ ? box_->has_grown() : result<bool, sqlite_error>{false};
    if (!grown) {
        fail(grown.error());
    }
    if (box_->checkpoint_due() || *grown) {
        copy_log();
    }
}

void store_thread::copy_log() {
    if (const auto done = box_->checkpoint(); !done) {
        if (!done.error().is_full()) {
            fail(done.error());
        }
        warn_full(full_warnings_, "the write-ahead log cannot be copied into the database yet");
    }
}

}  // namespace posthaste
