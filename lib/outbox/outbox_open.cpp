// How an outbox is opened (rule 10), in this order: the lock; what the disk holds, not what the cache says; open; a
// cheap check; the WAL copied and emptied; a first commit. Only then may anything be acknowledged or sent.

#include <algorithm>

#include "lib/base/path_text.hpp"
#include "lib/outbox/log_check.hpp"
#include "lib/outbox/migrations.hpp"
#include "lib/outbox/outbox.hpp"

namespace posthaste {
namespace {

// The dead may take a quarter of the queue (rule 7).
dead_bounds bounds_of_dead(const queue_settings& queue) {
    return {queue.keep_dead, std::max<std::uint64_t>(queue.max_events / 4, 1), queue.max_bytes / 4};
}

}  // namespace

result<std::unique_ptr<outbox>, start_failure> outbox::open(const queue_settings& queue, wall_time now) {
    std::unique_ptr<outbox> made{new outbox(queue)};
    if (const auto started = made->start(now); !started) {
        return started.error();
    }
    return made;
}

result<void, start_failure> outbox::start(wall_time now) {
    if (auto ready = prepare_files(); !ready) {
        return ready;
    }
    room_.open_database(queue_.path);
    if (const auto opened = database_.open(queue_.path); !opened) {
        return refused(opened.error());
    }
    database_.on_cut(cut_);
    note_size();
    if (auto current = bring_up_to_date(); !current) {
        return current;
    }
    for (const auto step : {&outbox::configure, &outbox::prepare_tables, &outbox::check}) {
        if (const auto done = (this->*step)(); !done) {
            return refused(done.error());
        }
    }
    room_.open_log(queue_.path);
    boot_ = now;
    // A full disk is no reason not to start: what can be written in the room that there is comes later (rule 6).
    for (const auto step : {&outbox::checkpoint_whole, &outbox::note_boot}) {
        if (const auto done = (this->*step)(); !done && !done.error().is_full()) {
            return refused(done.error());
        }
    }
    mark_made(lock_);
    return fsync_folder(folder_of(queue_.path));
}

result<void, start_failure> outbox::prepare_files() {
    if (auto made = make_folders(folder_of(queue_.path)); !made) {
        return made;
    }
    auto locked = lock_outbox(queue_.path);
    if (!locked && locked.error().code == exit_code::locked_or_in_use) {
        return start_failure{exit_code::locked_or_in_use,
                             locked.error().message + ", or name another one (queue.path; of dev: --data)"};
    }
    if (!locked) {
        return locked.error();
    }
    lock_ = std::move(*locked);
    if (auto unmarked = refuse_marked(queue_.path); !unmarked) {
        return unmarked;
    }
    for (const auto& file : {queue_.path, queue_.path + "-wal"}) {
        if (auto settled = settle_on_disk(file); !settled) {
            return settled;
        }
    }
    // SQLite would delete such a log. It never happens by a crash: the database is written before its first log is.
    if (is_empty(queue_.path) && !is_empty(queue_.path + "-wal")) {
        return log_alone(queue_.path);
    }
    if (auto whole = refuse_emptied(queue_.path, lock_); !whole) {
        return whole;
    }
    // SQLite would leave out what was acknowledged, and write over it. Without a sync a commit several may be torn.
    if (log_lost_commits(queue_.path + "-wal", queue_.durability)) {
        return damaged_log(queue_.path);
    }
    if (const auto made = make_file(queue_.path); !made) {
        return made.error();
    }
    return {};
}

result<void, start_failure> outbox::look_at_rest(const queue_settings& queue) {
    outbox looked_at(queue);
    return looked_at.read_at_rest();
}

// The tables of an earlier version bear our statements only once they are migrated.
result<void, start_failure> outbox::read_at_rest() {
    if (const auto opened = database_.open_at_rest(queue_.path); !opened) {
        return refused(opened.error());
    }
    const auto found = usable_version();
    if (!found) {
        return found.error();
    }
    if (found->version < outbox_schema_version()) {
        return {};
    }
    for (const auto step : {&outbox::prepare_tables, &outbox::check}) {
        if (const auto done = (this->*step)(); !done) {
            return refused(done.error());
        }
    }
    return {};
}

result<void, start_failure> outbox::bring_up_to_date() {
    if (const auto exclusive = database_.execute("PRAGMA locking_mode = EXCLUSIVE"); !exclusive) {
        return refused(exclusive.error());
    }
    const auto found = usable_version();
    if (!found) {
        return found.error();
    }
    if (found->kind == outbox_kind::empty) {
        if (const auto created = create(); !created) {
            return refused(created.error());
        }
    }
    const auto migrated = migrate(database_, found->version);
    return migrated ? result<void, start_failure>{} : refused(migrated.error());
}

// Reads the version before anything is written: a newer outbox, or no outbox at all, is left as it was (rule 13). A
// person has to look, as with a wrong configuration: starting again changes nothing.
result<outbox_version, start_failure> outbox::usable_version() {
    const auto found = read_outbox_version(database_);
    if (!found) {
        return refused(found.error());
    }
    const std::string path = printable_path(queue_.path);
    if (found->kind == outbox_kind::newer) {
        return start_failure{exit_code::usage,
                             "the outbox " + path + " was written by a newer posthaste (its version is " +
                                 std::to_string(found->version) + ", this build knows " +
                                 std::to_string(outbox_schema_version()) +
                                 "); nothing was changed. Start the newer posthaste, or set another queue.path"};
    }
    if (found->kind == outbox_kind::foreign) {
        return start_failure{exit_code::usage, path +
                                                   " is a SQLite database, but no outbox of posthaste; nothing "
                                                   "was changed. Set queue.path to another file"};
    }
    return *found;
}

sqlite_result outbox::reconfigure(const queue_settings& queue) {
    std::string path = std::move(queue_.path);
    const bool was_full = queue_.durability == durability::full;
    queue_ = queue;
    queue_.path = std::move(path);
    // What was not synced until now must not be torn under a durability that rules that out.
    if (!was_full && queue_.durability == durability::full) {
        if (const auto synced = settle_on_disk(queue_.path + "-wal"); !synced) {
            return sqlite_error::of(SQLITE_IOERR_FSYNC);
        }
    }
    dead_.bound_by(bounds_of_dead(queue_));
    delivered_.keep_for(queue_.keep_delivered);
    return apply_settings();
}

// What only an empty database can be told.
sqlite_result outbox::create() {
    return database_.execute("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
}

// What the configuration has a say in.
sqlite_result outbox::apply_settings() {
    const char* synchronous =
        queue_.durability == durability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
    if (auto done = database_.execute(synchronous); !done) {
        return done;
    }
    // The backstop of max_bytes (rule 6), which counts a row's bytes and not its pages, of which a row of half a page
    // takes a whole one: with room for what else is kept.
    const std::string most_pages =
        std::to_string(queue_.max_bytes / outbox_page_bytes * 2 + 256 * MiB / outbox_page_bytes);
    if (auto done = database_.prepare(release_size_, ("PRAGMA max_page_count = " + most_pages).c_str()); !done) {
        return done;
    }
    return release_size();
}

// With trusted_schema=OFF, which the connection sets, rule 14.
sqlite_result outbox::configure() {
    if (auto done = apply_settings(); !done) {
        return done;
    }
    // SQLite takes a bound below the size that the file has for that size.
    if (auto done = database_.prepare(hold_size_, "PRAGMA max_page_count = 1"); !done) {
        return done;
    }
    return database_.execute(
        "PRAGMA journal_size_limit = 8388608;"  // the WAL's blocks are kept: a full disk can still overwrite them
        "PRAGMA cache_size = -16384;"
        "PRAGMA mmap_size = 0;"  // an I/O error must be an error, not a SIGBUS
        "PRAGMA temp_store = MEMORY;"
        "PRAGMA cell_size_check = ON;"
        "PRAGMA secure_delete = OFF");
}

sqlite_result outbox::prepare_tables() {
    if (auto done = database_.prepare(begin_, "BEGIN IMMEDIATE"); !done) {
        return done;
    }
    if (auto done = database_.prepare(commit_, "COMMIT"); !done) {
        return done;
    }
    if (auto done = database_.prepare(free_pages_, "PRAGMA freelist_count"); !done) {
        return done;
    }
    if (auto done = database_.prepare(pages_, "PRAGMA page_count"); !done) {
        return done;
    }
    if (auto done = ledger_.prepare(database_); !done) {
        return done;
    }
    if (auto done = events_.prepare(database_); !done) {
        return done;
    }
    if (auto done = retries_.prepare(database_); !done) {
        return done;
    }
    if (auto done = dead_.prepare(database_, bounds_of_dead(queue_)); !done) {
        return done;
    }
    if (auto done = delivered_.prepare(database_, queue_.keep_delivered); !done) {
        return done;
    }
    if (auto done = keys_.prepare(database_); !done) {
        return done;
    }
    if (auto done = identities_.prepare(database_); !done) {
        return done;
    }
    if (auto done = foreign_.prepare(database_); !done) {
        return done;
    }
    if (auto done = history_.prepare(database_, delivered_); !done) {
        return done;
    }
    if (auto done = selection_.prepare(database_); !done) {
        return done;
    }
    if (auto done = notes_.prepare(database_); !done) {
        return done;
    }
    return parking_.prepare(database_);
}

// The counters against the ends of the tables; never a scan.
sqlite_result outbox::check() {
    if (auto loaded = ledger_.load(); !loaded) {
        return loaded;
    }
    const auto largest = events_.largest();
    const auto parked = parking_.empty();
    if (!largest || !parked) {
        return largest ? parked.error() : largest.error();
    }
    first_of_this_run_ = ledger_.next_number();
    earlier_parkings_ = !*parked;
    auto upstream = notes_.load();
    if (!upstream) {
        return upstream.error();
    }
    upstream_ = *std::move(upstream);
    const bool agree = *largest < ledger_.next_number() && (*largest == 0) == (totals().pending == 0);
    return agree ? sqlite_result{} : sqlite_result{sqlite_error::of(SQLITE_CORRUPT)};
}

sqlite_result outbox::note_boot() {
    auto noted = begin();
    noted = noted ? commit() : noted;
    if (!noted && noted.error().is_full()) {
        rollback();
    }
    return noted;
}

// A damaged file stops the start with what to do next, and nothing of it is overwritten (rule 11).
start_failure outbox::refused(sqlite_error error) const {
    const std::string what = "the outbox " + printable_path(queue_.path);
    const std::string why = database_.explain(error);
    if (error.is_damage()) {
        return {exit_code::outbox_damaged, what + " is damaged: " + why + "; " + damage_advice(queue_.path)};
    }
    if (error.is_busy()) {
        return {exit_code::locked_or_in_use, what + " is open in another program: close that one first"};
    }
    if (error.is_full()) {
        return {exit_code::write_failed, what + " cannot be written: no space is left on its disk; make room there"};
    }
    if (error.primary() == SQLITE_IOERR) {
        return {exit_code::write_failed, what + " cannot be read or written: " + why + "; check the disk"};
    }
    return {exit_code::failed, what + " cannot be opened: " + why +
                                   "; it and its folder must be writable for the user that posthaste runs as"};
}

}  // namespace posthaste
