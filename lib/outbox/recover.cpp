#include "lib/outbox/recover.hpp"

#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>

#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/path_text.hpp"
#include "lib/outbox/outbox.hpp"
#include "lib/outbox/salvaged_rows.hpp"

namespace posthaste {
namespace {

constexpr std::size_t rows_a_commit = 4096;
constexpr std::size_t bytes_a_commit = 4 * 1024 * 1024;

bool is_there(const std::string& path) {
    struct stat facts{};
    return ::lstat(path.c_str(), &facts) == 0;
}

result<void, start_failure> check_paths(const recovery_request& request) {
    struct stat facts{};
    if (::stat(request.from.c_str(), &facts) != 0) {
        return start_failure{exit_code::usage, "there is no outbox to recover: " + printable_path(request.from) + ": " +
                                                   std::strerror(errno)};
    }
    if (!S_ISREG(facts.st_mode)) {
        return start_failure{exit_code::usage,
                             printable_path(request.from) + " is no regular file: name the outbox itself"};
    }
    // What another database left beside it would be taken for its own.
    for (const char* suffix : {"", "-wal", "-journal"}) {
        if (is_there(request.to + suffix)) {
            return start_failure{
                exit_code::usage,
                printable_path(request.to + suffix) + " is there already and is left alone: name a new file with --to"};
        }
    }
    return {};
}

class recovery {
  public:
    recovery(const recovery_request& request, const working_folder& folder, damaged_copy& source)
        : request_(request), folder_(folder), source_(source) {}

    result<recovery_report, start_failure> run() {
        report_.write_ahead_log = source_.write_ahead_log();
        report_.first_page_damaged = source_.first_page_damaged();
        report_.unreadable_bytes = source_.unreadable_bytes();
        if (auto ours = check_version(); !ours) {
            return ours.error();
        }
        if (auto opened = open_target(); !opened) {
            return opened.error();
        }
        if (auto filled = fill(); !filled) {
            return write_failure(filled.error());
        }
        if (!report_.anything()) {
            return start_failure{exit_code::failed,
                                 "nothing can be recovered from " + printable_path(request_.from) +
                                     ": it holds no event that can be read; start with a new outbox"};
        }
        target_.reset();  // its file is whole; its lock is not needed any more
        if (auto placed = place(); !placed) {
            return placed.error();
        }
        return std::move(report_);
    }

  private:
    [[nodiscard]] std::string target_path() const { return folder_ / "recovered.db"; }

    result<void, start_failure> check_version() {
        if (source_.is_newer()) {
            return start_failure{exit_code::failed, printable_path(request_.from) +
                                                        " was written by a newer posthaste: recover it with that one"};
        }
        if (!source_.has_tables_of_ours()) {
            return start_failure{exit_code::failed, "nothing can be recovered from " + printable_path(request_.from) +
                                                        ": it is a database of another program, or none of the tables "
                                                        "of an outbox can be found in it"};
        }
        return {};
    }

    result<void, start_failure> open_target() {
        queue_settings queue;
        queue.path = target_path();
        queue.max_bytes = 1024 * 1024 * GiB;     // whatever the damaged one was allowed
        queue.durability = durability::process;  // it is synced as a whole before it is moved to its place
        auto opened = outbox::open(queue, request_.now);
        if (!opened) {
            return opened.error();
        }
        target_ = std::move(*opened);
        return {};
    }

    // Settled events first: where a page of an earlier time came back, what it shows as pending may be settled.
    sqlite_result fill() {
        prepare_foreign_ids();
        read_counters();
        if (auto begun = target_->begin(); !begun) {
            return begun;
        }
        for (const auto step : {&recovery::save_delivered, &recovery::save_dead, &recovery::save_pending,
                                &recovery::save_histories, &recovery::save_keys}) {
            if (auto done = (this->*step)(); !done) {
                return done;
            }
        }
        if (counters_) {
            target_->restore_totals(counters_->totals, counters_->next);
        }
        if (auto carried = carry_upstream_over(); !carried) {
            return carried;
        }
        if (auto saved = target_->commit(); !saved) {
            return saved;
        }
        return target_->checkpoint_whole();
    }

    sqlite_result salvage(const char* table, const char* columns, table_recovery& into, row_taker take) {
        table_salvage rows(source_.database(), source_.path(), table, columns, std::move(take));
        auto done = rows.run();
        into.unreadable = rows.unreadable();
        return done;
    }

    template <class Read>
    sqlite_result save_settled(const char* table, const char* columns, Read read, table_recovery& into) {
        return salvage(table, columns, into, [&, read](const sqlite_rows& row) -> sqlite_result {
            auto found = read(row, foreign_);
            if (!found) {
                return ++into.damaged, sqlite_result{};
            }
            const auto restored = restore(found->what, into);
            if (!restored || !*restored) {
                return restored ? sqlite_result{} : restored.error();
            }
            const auto settled = target_->settle({&found->end, 1});
            return settled ? sqlite_result{} : settled.error();
        });
    }

    sqlite_result save_delivered() {
        if (source_has("delivered")) {
            return save_settled("delivered", salvaged_delivered_columns, read_salvaged_delivered, report_.delivered);
        }
        auto saved = salvage("delivered_runs", salvaged_run_columns, report_.delivered,
                             [&](const sqlite_rows& row) { return save_run(read_salvaged_run(row)); });
        for (auto& lost : report_.delivered.unreadable) {  // so far a run may reach that begins there
            lost.last += lost.last < static_cast<std::int64_t>(max_sequence) ? facts_run::most_events - 1 : 0;
        }
        return saved;
    }

    sqlite_result save_run(salvaged_run run) {
        report_.delivered.damaged += run.damaged;
        std::vector<settlement> ends;
        for (auto& one : run.events) {
            const auto restored = restore(one.what, report_.delivered);
            if (!restored) {
                return restored.error();
            }
            if (*restored) {
                ends.push_back(one.end);
            }
        }
        const auto settled = target_->settle(ends);
        return settled ? sqlite_result{} : settled.error();
    }

    sqlite_result save_dead() { return save_settled("dead", salvaged_dead_columns, read_salvaged_dead, report_.dead); }

    sqlite_result save_pending() {
        const auto take = [&](const sqlite_rows& row) -> sqlite_result {
            auto found = read_salvaged_event(row, foreign_);
            if (!found) {
                return ++report_.pending.damaged, sqlite_result{};
            }
            const auto restored = restore(*found, report_.pending);
            return restored ? sqlite_result{} : restored.error();
        };
        return salvage("events", salvaged_event_columns, report_.pending, take);
    }

    sqlite_result save_histories() {
        const auto take = [&](const sqlite_rows& row) -> sqlite_result {
            const auto found = read_salvaged_history(row, request_.now);
            if (!found) {
                return ++report_.histories.damaged, sqlite_result{};
            }
            if (auto room = make_room(0); !room) {
                return room;
            }
            const auto unknown = target_->settle({&*found, 1});  // of events that were not saved
            if (!unknown) {
                return unknown.error();
            }
            report_.histories.saved += *unknown == 0 ? 1 : 0;
            return {};
        };
        return salvage("retries", salvaged_history_columns, report_.histories, take);
    }

    // A key whose events are lost must not keep them from coming in again.
    sqlite_result save_keys() {
        if (!source_has("idempotency_keys")) {
            return {};  // the first versions had none
        }
        return salvage("idempotency_keys", salvaged_key_columns, report_.keys,
                       [&](const sqlite_rows& row) { return save_key(read_salvaged_key(row)); });
    }

    sqlite_result save_key(const std::optional<salvaged_key>& found) {
        if (!found || !were_given(found->stands_for)) {
            return ++report_.keys.damaged, sqlite_result{};
        }
        const auto lost = has_lost_any(found->stands_for);
        if (!lost || *lost) {
            report_.keys_dropped += lost ? 1 : 0;
            return lost ? sqlite_result{} : lost.error();
        }
        if (auto room = make_room(0); !room) {
            return room;
        }
        ++report_.keys.saved;
        return target_->restore_key(found->key, found->stands_for);
    }

    [[nodiscard]] bool were_given(const receipt& events) const {
        return !counters_ || sequence_of(events.first) + events.events <= counters_->next;
    }

    result<bool, sqlite_error> has_lost_any(const receipt& events) {
        for (std::uint64_t n = 0; n < events.events; ++n) {
            const auto id = following_id(events.first, n);
            if (!report_.may_have_lost(sequence_of(id))) {
                continue;
            }
            const auto known = target_->find(id, wall_time{});
            if (!known || !*known) {
                return known ? result<bool, sqlite_error>{true} : known.error();
            }
        }
        return false;
    }

    bool source_has(const std::string& table) {
        const auto found =
            source_.database().integer(("SELECT count(*) FROM sqlite_schema WHERE name = '" + table + "'").c_str());
        return found && *found > 0;
    }

    // False: it is there already, or cannot be.
    result<bool, sqlite_error> restore(pending_event& what, table_recovery& into) {
        if (auto room = make_room(what.what.body.size()); !room) {
            return room.error();
        }
        const auto restored = target_->restore(what);
        if (!restored) {
            return restored.error();
        }
        into.saved += *restored == outbox::restoration::taken ? 1 : 0;
        into.damaged += *restored == outbox::restoration::number_taken ? 1 : 0;
        return *restored == outbox::restoration::taken;
    }

    // One transaction for all of it would need as much memory and log.
    sqlite_result make_room(std::size_t bytes) {
        bytes_ += bytes;
        if (++rows_ < rows_a_commit && bytes_ < bytes_a_commit) {
            return {};
        }
        rows_ = 0;
        bytes_ = bytes;
        if (auto saved = target_->commit(); !saved) {
            return saved;
        }
        if (auto copied = target_->checkpoint_due() ? target_->checkpoint() : sqlite_result{}; !copied) {
            return copied;
        }
        return target_->begin();
    }

    // Earlier versions had no such ids. Where the table is destroyed, the row is believed.
    void prepare_foreign_ids() {
        foreign_ids_known_ = source_has("foreign_ids");
        foreign_ids_readable_ =
            foreign_ids_known_ && source_.database().prepare(foreign_id_, "SELECT 1 FROM foreign_ids WHERE id = ?");
    }

    [[nodiscard]] bool is_foreign(const uuid& id) {
        if (!foreign_ids_readable_) {
            return foreign_ids_known_;
        }
        auto rows = foreign_id_.query(id);
        return rows.next() || !rows.end();
    }

    void read_counters() {
        auto counters = source_.database().prepare(salvaged_counters_query);
        if (!counters) {
            return;
        }
        auto rows = counters->query();
        counters_ = rows.next() ? read_salvaged_counters(rows) : std::nullopt;
        if (counters_) {
            report_.counted = counters_->totals;
        }
    }

    // The earliest versions had no such table, and a new outbox has no such row.
    sqlite_result carry_upstream_over() {
        auto memory = source_.database().prepare(salvaged_upstream_query);
        if (!memory) {
            return {};
        }
        auto rows = memory->query();
        const bool found = rows.next();
        if (!found && rows.end()) {
            return {};
        }
        const auto read = found ? read_salvaged_upstream(rows) : std::nullopt;
        report_.paused = read ? std::optional{read->paused != upstream_memory::pause::none} : std::nullopt;
        return read ? target_->remember(*read) : sqlite_result{};
    }

    // Moved only once it is on disk as a whole. As root it is given to whom the damaged one belongs.
    result<void, start_failure> place() {
        struct stat facts{};
        if (::geteuid() == 0 && ::stat(request_.from.c_str(), &facts) == 0 &&
            ::chown(target_path().c_str(), facts.st_uid, facts.st_gid) != 0) {
            return start_failure{exit_code::write_failed, "cannot give " + printable_path(target_path()) +
                                                              " its owner: " + std::strerror(errno)};
        }
        if (auto synced = settle_on_disk(target_path()); !synced) {
            return synced;
        }
        if (::link(target_path().c_str(), request_.to.c_str()) != 0) {
            return start_failure{errno == EEXIST ? exit_code::usage : exit_code::write_failed,
                                 "cannot make " + printable_path(request_.to) + ": " + std::strerror(errno)};
        }
        return fsync_folder(folder_of(request_.to));
    }

    start_failure write_failure(sqlite_error error) const {
        return {exit_code::write_failed, "the recovered outbox cannot be written: " + target_->explain(error) +
                                             "; make room there, or name another place with --to"};
    }

    const recovery_request& request_;
    const working_folder& folder_;
    damaged_copy& source_;
    sqlite_statement foreign_id_;
    bool foreign_ids_known_ = false;
    bool foreign_ids_readable_ = false;
    const is_foreign_id foreign_ = [this](const uuid& id) { return is_foreign(id); };
    std::unique_ptr<outbox> target_;
    std::optional<salvaged_counters> counters_;
    recovery_report report_;
    std::size_t rows_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace

result<recovery_report, start_failure> recover_outbox(const recovery_request& request) {
    if (auto usable = check_paths(request); !usable) {
        return usable.error();
    }
    const auto locked = lock_for_reading(request.from);
    if (!locked) {
        return locked.error();
    }
    auto folder = working_folder::make(request.to + ".recovering-", "; name a place with --to that can be written to");
    if (!folder) {
        return folder.error();
    }
    auto source = damaged_copy::make(request.from, *folder);
    if (!source) {
        return source.error();
    }
    return recovery(request, *folder, **source).run();
}

}  // namespace posthaste
