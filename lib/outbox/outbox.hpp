// The durable queue: events from the moment they are acknowledged to the moment they are settled, in one SQLite file
// behind one connection.
//
// Belongs to one thread. Time and randomness are handed in. Everything between begin() and commit() is one transaction:
// on stable storage as a whole once commit() has returned (durability "full"), or never happened. After an error other
// than SQLITE_FULL nothing more may be written: a failed write is final (rule 9), the caller stops the process without
// closing the outbox. After SQLITE_FULL rollback(), and try less. The rules that comments name by numbers stand in
// lib/outbox/README.md.

#pragma once

#include <memory>
#include <span>
#include <string>

#include "lib/base/result.hpp"
#include "lib/config/settings.hpp"
#include "lib/outbox/by_hand.hpp"
#include "lib/outbox/dead_table.hpp"
#include "lib/outbox/delivered_facts.hpp"
#include "lib/outbox/event_table.hpp"
#include "lib/outbox/files.hpp"
#include "lib/outbox/foreign_ids.hpp"
#include "lib/outbox/history_view.hpp"
#include "lib/outbox/identity_table.hpp"
#include "lib/outbox/key_table.hpp"
#include "lib/outbox/ledger.hpp"
#include "lib/outbox/log_vfs.hpp"
#include "lib/outbox/migrations.hpp"
#include "lib/outbox/parking.hpp"
#include "lib/outbox/retry_table.hpp"
#include "lib/outbox/room.hpp"
#include "lib/outbox/selection.hpp"
#include "lib/outbox/sqlite.hpp"
#include "lib/outbox/types.hpp"
#include "lib/outbox/upstream_notes.hpp"

namespace posthaste {

// Whether facts of delivered events are written and old ones dropped: not where every page counts.
enum class retention { as_configured, suspended };

class outbox {
  public:
    // Locks, repairs and opens the outbox, or makes it (rule 10).
    [[nodiscard]] static result<std::unique_ptr<outbox>, start_failure> open(const queue_settings& queue,
                                                                             wall_time now);
    // The readings that opening begins with, without a change to any of its files, which must be there: the error is
    // what open() would say. Of an outbox of an earlier version only the version is read. Whoever uses it meanwhile
    // makes it look damaged.
    [[nodiscard]] static result<void, start_failure> look_at_rest(const queue_settings& queue);
    // Closes without a checkpoint; the next start does that.
    ~outbox() = default;

    outbox(const outbox&) = delete;
    outbox& operator=(const outbox&) = delete;

    // Other bounds, times to keep and durability from the next transaction on. The path stays. Outside of a
    // transaction.
    [[nodiscard]] sqlite_result reconfigure(const queue_settings& queue);

    [[nodiscard]] sqlite_result begin();
    [[nodiscard]] sqlite_result commit();
    void rollback();

    enum class admission { taken, queue_full };
    // Admits the event, and gives it its number, id and time. Refused at max_events or max_bytes. `what` must stay
    // where it is until store_admitted().
    [[nodiscard]] admission append(pending_event& what, wall_time now, std::uint64_t random);
    enum class submitted { stored, replayed, key_reused, queue_full };
    // Admits all of the events or none; `told` then stands for them, or for those that an earlier submission with the
    // same key stored.
    [[nodiscard]] result<submitted, sqlite_error> submit(submission& what, receipt& told, wall_time now,
                                                         std::uint64_t random);
    // What submit() would say without storing anything: replayed or key_reused; queue_full where it would have to
    // store.
    [[nodiscard]] result<submitted, sqlite_error> recall(const submission& what, receipt& told, wall_time now);
    // Writes the rows of all that were admitted in this transaction, in one go: before anything else of it reads them.
    [[nodiscard]] sqlite_result store_admitted();
    enum class import { taken, known, queue_full };
    // Stores an event of another outbox at once, as a new pending one: it gets a number, and keeps its id and time. One
    // whose id is already here is left out; refused at max_events or max_bytes.
    [[nodiscard]] result<import, sqlite_error> take_in(pending_event& what, wall_time now);
    // Writes what became of events, in any order; returns how many of them were not pending (and are ignored; one that
    // was to be discarded does not count as such).
    [[nodiscard]] result<std::size_t, sqlite_error> settle(std::span<const settlement> what,
                                                           retention facts = retention::as_configured);

    [[nodiscard]] sqlite_result park(std::span<const parked_event> what);
    // What is settled is parked no more.
    [[nodiscard]] sqlite_result unpark(std::span<const parked_event> what);
    // Every pending event up to this one is parked, with this transaction. The mark only moves forward.
    void mark_parked(sequence through) { ledger_.mark_parked(through); }

    enum class restoration { taken, known, number_taken };
    // For an outbox that is made of what a damaged one still held (lib/outbox/recover.hpp). Stores the event under the
    // number, id and time that it had, however full the queue is; its history is for settle(). Left out where its id is
    // already here, or another event has its number.
    [[nodiscard]] result<restoration, sqlite_error> restore(pending_event& what);
    // A key of events that are here, or were: their numbers are used up. Keys come in the order of those.
    [[nodiscard]] sqlite_result restore_key(const idempotency& key, const receipt& stands_for);
    // At the end: what the damaged one had counted, and the number it would have given next.
    void restore_totals(const outbox_totals& counted, sequence next);

    // What delivery knows of the upstream: as it is stored; and to be stored, in a transaction.
    [[nodiscard]] const upstream_memory& upstream() const noexcept { return upstream_; }
    [[nodiscard]] sqlite_result remember(const upstream_memory& what);

    // What the upstream said of users; apply() in a transaction.
    [[nodiscard]] result<std::optional<kept_identity>, sqlite_error> find_identity(const identity_key& key) {
        return identities_.find(key);
    }
    [[nodiscard]] sqlite_result apply(const identity_change& change, wall_time now);

    // Reads of at most 500 rows (rule 4); they also forget parkings that are over, and so belong in a transaction.
    [[nodiscard]] result<parked_lanes, sqlite_error> read_parked_lanes(const parked_lanes_request& request);
    [[nodiscard]] result<page, sqlite_error> read_page(const page_request& request);
    [[nodiscard]] result<lane_page, sqlite_error> take_lane(const lane_request& request);

    [[nodiscard]] result<std::optional<event_facts>, sqlite_error> find(const uuid& id, wall_time now);
    // For people and their tools: slices of at most 500 rows looked at.
    [[nodiscard]] result<list_page, sqlite_error> list(const list_request& request, wall_time now);
    [[nodiscard]] result<export_page, sqlite_error> export_slice(const export_request& request);
    [[nodiscard]] result<selection_page, sqlite_error> select(const selection_request& request);
    // Makes a slice of the dead pending again, or removes it; in a transaction. What is pending is removed by settle().
    [[nodiscard]] result<dead_report, sqlite_error> apply(const dead_request& request);

    [[nodiscard]] result<std::optional<wall_time>, sqlite_error> oldest_pending() { return events_.oldest(); }
    // The number of the latest event that was ever stored, 0 before the first.
    [[nodiscard]] sequence last_number() const noexcept { return ledger_.next_number() - 1; }
    [[nodiscard]] const outbox_totals& totals() const noexcept { return ledger_.totals(); }
    // At max_events or max_bytes; or so near to max_bytes that an event was refused which would be refused again, and
    // none was taken since.
    [[nodiscard]] bool is_full() const noexcept;

    // Drops what is over its bounds or its time (rule 7), a slice of each kind. In a transaction.
    [[nodiscard]] sqlite_result trim(wall_time now);
    // When trim() has something to do; empty: never, as things are.
    [[nodiscard]] result<std::optional<wall_time>, sqlite_error> next_trim();

    // The WAL is copied into the database at about 1,000 pages (rule 5). Outside of a transaction.
    [[nodiscard]] bool checkpoint_due() const noexcept;
    [[nodiscard]] sqlite_result checkpoint();
    // Whether the log holds pages beyond the database's end as it is on the disk.
    [[nodiscard]] result<bool, sqlite_error> has_grown();
    // Whether the file is to be cut off with the next checkpoint.
    [[nodiscard]] result<bool, sqlite_error> has_shrunk();
    // From now on what would make the database longer is SQLITE_FULL; until released.
    [[nodiscard]] sqlite_result hold_size() { return hold_size_.run(); }
    // The same of what would make it longer than the room that is kept behind its end.
    [[nodiscard]] sqlite_result hold_to_room();
    [[nodiscard]] sqlite_result release_size() { return release_size_.run(); }
    // How many bytes the disk must still have so that nothing which is committed with so many bytes of new events, or
    // before, can want for room later (rule 6).
    [[nodiscard]] result<std::uint64_t, sqlite_error> missing_room(std::uint64_t coming);
    // Takes them of the disk, but for what the log itself grows by. False: the disk is full.
    [[nodiscard]] result<bool, sqlite_error> take_room(std::uint64_t coming);
    // Writes what stands there already: whether anything can be written, in a transaction.
    [[nodiscard]] sqlite_result touch() { return ledger_.write(); }
    enum class thrift { plenty, scarce };
    // Whether the file holds so much free space that it should shrink (rule 5): asked where nothing waits. Where the
    // disk's room is scarce nearly all of it; where it has next to none, only what is worth the room behind the end,
    // which others may take meanwhile.
    [[nodiscard]] result<bool, sqlite_error> vacuum_due(thrift how);
    // Gives a little of it back, in a transaction of its own; the file shrinks with the next checkpoint.
    [[nodiscard]] sqlite_result vacuum_slice() { return database_.execute("PRAGMA incremental_vacuum(64)"); }
    // The last step of an orderly stop: the log is copied and emptied, and keeps its blocks.
    [[nodiscard]] sqlite_result checkpoint_whole();

    [[nodiscard]] std::string explain(sqlite_error error) const { return database_.explain(error); }

  private:
    explicit outbox(const queue_settings& queue) : queue_(queue) {}

    [[nodiscard]] result<void, start_failure> start(wall_time now);
    [[nodiscard]] result<void, start_failure> prepare_files();
    [[nodiscard]] result<void, start_failure> bring_up_to_date();
    [[nodiscard]] result<void, start_failure> read_at_rest();
    [[nodiscard]] result<outbox_version, start_failure> usable_version();
    [[nodiscard]] sqlite_result create();
    [[nodiscard]] sqlite_result configure();
    [[nodiscard]] sqlite_result apply_settings();
    [[nodiscard]] sqlite_result prepare_tables();
    [[nodiscard]] sqlite_result check();
    [[nodiscard]] sqlite_result note_boot();
    [[nodiscard]] sqlite_result copy_log(sqlite_checkpoint mode);
    void note_size() noexcept;
    [[nodiscard]] bool stakes_room() const noexcept;
    static void was_cut(void* self, std::uint64_t end) noexcept;
    [[nodiscard]] start_failure refused(sqlite_error error) const;

    [[nodiscard]] result<bool, sqlite_error> settle_failed(const settlement& what);
    [[nodiscard]] result<bool, sqlite_error> settle_dead(const settlement& what);
    // Of numbers that follow each other without a gap. Returns how many were pending.
    [[nodiscard]] result<std::size_t, sqlite_error> settle_delivered(std::span<const settlement* const> run,
                                                                     retention facts);
    [[nodiscard]] result<stored_weight, sqlite_error> keep_facts(std::span<const settlement* const> run);
    // What those weighed that were pending.
    [[nodiscard]] result<stored_weight, sqlite_error> forget(sequence first, sequence last);
    [[nodiscard]] result<stored_weight, sqlite_error> erase_pending(sequence first, sequence last,
                                                                    const leave_taker& take = {});

    [[nodiscard]] result<bool, sqlite_error> settle_discarded(const settlement& what);
    [[nodiscard]] result<std::optional<std::uint64_t>, sqlite_error> revive(sequence number);
    [[nodiscard]] result<std::optional<std::uint64_t>, sqlite_error> discard_dead(sequence number);
    [[nodiscard]] sqlite_result erase_dead(sequence number);
    [[nodiscard]] result<bool, sqlite_error> is_sound(const stored_event& stored);
    [[nodiscard]] sqlite_result add_history(pending_event& what);
    [[nodiscard]] sqlite_result forget_earlier_parking(const pending_event& what);
    enum class parked_row { taken, gone, no_room };
    [[nodiscard]] result<parked_row, sqlite_error> take_parked(sequence number, lane_page& into, std::size_t& bytes);
    void admit(pending_event& what, wall_time now, std::uint64_t random);
    [[nodiscard]] sqlite_result insert(pending_event& what);
    [[nodiscard]] sqlite_result note_foreign_id(const pending_event& what);
    [[nodiscard]] bool has_room_for(std::uint64_t bytes, std::size_t events = 1) const noexcept;
    void note_refused(std::uint64_t bytes) noexcept;
    [[nodiscard]] sqlite_result trim_keys(wall_time now);
    [[nodiscard]] std::uint64_t most_keys() const noexcept;
    [[nodiscard]] sqlite_result keep_identity(const identity_change& change, std::uint64_t before, wall_time now);
    [[nodiscard]] sqlite_result trim_identities(wall_time now);
    [[nodiscard]] stored_weight excess_of_identities() const noexcept;
    [[nodiscard]] sqlite_result trim_delivered(wall_time now);
    [[nodiscard]] sqlite_result trim_dead(wall_time now);
    [[nodiscard]] sqlite_result forget_ids(foreign_ids::home table, sequence first, sequence last);
    [[nodiscard]] sqlite_result forget_ids_of_run(sequence first);

    [[nodiscard]] result<std::optional<event_facts>, sqlite_error> find_at(sequence number, const uuid& id,
                                                                           wall_time now);
    [[nodiscard]] result<std::optional<event_facts>, sqlite_error> facts_of(kept_event& one, wall_time now);
    [[nodiscard]] sqlite_result add_export(const history_view::place& one, export_page& to, std::size_t& bytes);
    [[nodiscard]] sqlite_result add_retries(sequence number, event_facts& to);
    [[nodiscard]] result<std::optional<event_facts>, sqlite_error> find_pending(sequence number, const uuid& id);

    queue_settings queue_;
    std::uint64_t refused_bytes_ = 0;  // of the event that was refused since the last one was taken
    file_handle lock_;
    kept_room room_;                                  // before the connection, which it must outlive
    cut_hook cut_{.call = was_cut, .context = this};  // as well
    sqlite_connection database_;                      // before the statements: it must outlive them
    sqlite_statement begin_;
    sqlite_statement commit_;
    sqlite_statement free_pages_;
    sqlite_statement pages_;
    sqlite_statement hold_size_;
    sqlite_statement release_size_;
    ledger ledger_;
    event_table events_;
    retry_table retries_;
    dead_table dead_;
    delivered_facts delivered_;
    foreign_ids foreign_;
    key_table keys_;
    identity_table identities_;
    parking parking_;
    history_view history_;
    selection selection_;
    upstream_notes notes_;
    upstream_memory upstream_;
    std::vector<const pending_event*> admitted_;  // in this transaction, and not written yet
    std::int64_t pages_copied_ = 0;               // of the database: what its file holds
    std::optional<wall_time> boot_;               // of this run, until a commit has noted it
    sequence first_of_this_run_ = 0;
    bool earlier_parkings_ = false;  // rows of `parked` that an earlier run left
};

}  // namespace posthaste
