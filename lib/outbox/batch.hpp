// Everything that waits, in one transaction (rule 1), and what a full disk makes of it (rule 6).
//
// First the settlements, which make room, then the appends, imports and what people ask of the dead, then the parkings
// and the mark, which stands for all parkings that were asked for before it; the reads come last and see all of it, so
// a page's end is the end for everything that was committed before or with it.
//
// On a full disk the settlements are committed alone and without retention, and the parkings and reads after them, in a
// transaction that does not make the file longer (the dead that a person discards go in one of their own). All of it
// stays within the room that is kept behind the database's end: pages for which the disk has no room would stand in the
// log for good, and the log, which is what settlements are written into, could not begin again at its front. Where the
// settlements do not fit at once they go in slices; of failed attempts what does not fit at all is given up.

#pragma once

#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "lib/outbox/outbox.hpp"

namespace posthaste {

// What delivery asks for, answered in order.
using read_request = std::variant<page_request, lane_request, parked_lanes_request>;
using read_answer = std::variant<page, lane_page, parked_lanes>;

struct batch {
    std::vector<pending_event> appends;               // number, id and time are given by the commit
    std::vector<submission> submissions;              // after the appends
    std::vector<std::vector<pending_event>> imports;  // groups; ids and times are given by their former outbox
    std::vector<dead_request> by_hand;
    std::vector<settlement> settlements;
    std::vector<parked_event> parkings;
    std::optional<sequence> mark;          // never to be written before the parkings that came with it or earlier
    std::vector<parked_event> unparkings;  // of events that are settled, with these settlements or earlier ones
    std::optional<upstream_memory> upstream;
    std::vector<identity_change> identities;  // left out where the disk is full: they can be asked for again
    std::vector<read_request> reads;

    [[nodiscard]] bool empty() const noexcept {
        return appends.empty() && submissions.empty() && imports.empty() && by_hand.empty() && settlements.empty() &&
               parkings.empty() && !mark && unparkings.empty() && !upstream && identities.empty() && reads.empty();
    }
};

enum class append_outcome : std::uint8_t { stored, queue_full, disk_full };

struct submission_outcome {
    enum class kind { stored, replayed, key_reused, queue_full, disk_full };

    kind what = kind::disk_full;
    receipt told;  // stored, replayed
};

struct batch_outcome {
    std::vector<append_outcome> appends;          // one for each, in order
    std::vector<submission_outcome> submissions;  // one for each, in order
    std::vector<import_report> imports;           // one for each, in order
    std::vector<dead_report> by_hand;             // one for each, in order
    std::vector<read_answer> reads;               // one for each, in order
    std::size_t unknown_settlements = 0;          // of events that were not pending: ignored
    // Not even the settlements could be written, or not all of them: what is left in the batch is to be committed
    // again, later, together with the parkings, the mark, the unparkings and the reads, and with `upstream` where that
    // was not written. Whatever else came has its outcome above, and is not tried again.
    bool stuck = false;
    std::size_t settled = 0;  // where it is stuck: of the settlements, in whatever order
    // The settlements are written; the parkings, the mark, the unparkings and the reads are to be committed again,
    // together, later: a lane's read that came before its parkings would take them for lost.
    bool readers_wait = false;
    bool remembered = false;  // `upstream` is written, which waits for none of the others
};

// What the commit is given from outside.
struct commit_chance {
    wall_time now;
    bool refuse_appends = false;  // the disk is known to be full: nothing is written that can be done without
    bool may_grow = false;        // and yet the parkings may make the file longer, as the disk has room for them
    std::size_t dead_rows = 64;   // so many of the dead may be sent again or removed for each that asks for it
    const std::function<std::uint64_t()>& random;
};

// The error is final (rule 9): `work` may or may not be stored, and nothing more may be written.
[[nodiscard]] result<batch_outcome, sqlite_error> commit_batch(outbox& box, batch& work, const commit_chance& chance);

}  // namespace posthaste
