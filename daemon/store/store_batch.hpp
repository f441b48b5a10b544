// One commit's work as the store thread takes it: what the outbox does, and who waits for the answers.

#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <variant>
#include <vector>

#include "daemon/store/store.hpp"
#include "daemon/store/store_report.hpp"
#include "lib/outbox/batch.hpp"

namespace posthaste {

// A reply with its answer, ready to run on the thread that owns it.
using lookup_answer = std::function<void()>;

// A slice that is read from the outbox.
using question = std::function<result<lookup_answer, sqlite_error>(outbox& box, wall_time now)>;

struct status_lookup {
    std::function<void(store_status)> reply;
};

struct measure_lookup {
    std::function<void(store_report)> reply;
};

// Other settings, from the next commit on.
struct reconfiguration {
    queue_settings queue;
};

// What people ask: read after the commit. And what they change of the store itself, in its turn.
using lookup = std::variant<question, status_lookup, measure_lookup, reconfiguration>;

using import_reply = std::function<void(result<import_report, refusal>)>;

using dead_reply = std::function<void(result<dead_report, refusal>)>;

using read_reply =
    std::variant<std::function<void(page)>, std::function<void(lane_page)>, std::function<void(parked_lanes)>>;

struct store_batch {
    batch work;
    std::vector<append_reply> append_replies;               // one for each of work.appends
    std::vector<submit_reply> submit_replies;               // one for each of work.submissions
    std::vector<import_reply> import_replies;               // one for each of work.imports
    std::vector<dead_reply> dead_replies;                   // one for each of work.by_hand
    std::vector<read_reply> read_replies;                   // one for each of work.reads
    std::vector<std::function<void(bool)>> memory_replies;  // whether work.upstream is durable
    std::vector<lookup> lookups;
    std::optional<event_names> names;  // what the metrics tell apart, this batch included

    // `later` goes behind this one's.
    void join(store_batch later) {
        const auto move_all = [](auto& from, auto& to) { std::ranges::move(from, std::back_inserter(to)); };
        move_all(later.work.appends, work.appends);
        move_all(later.work.submissions, work.submissions);
        move_all(later.work.imports, work.imports);
        move_all(later.work.by_hand, work.by_hand);
        move_all(later.dead_replies, dead_replies);
        move_all(later.work.settlements, work.settlements);
        move_all(later.work.parkings, work.parkings);
        work.mark = std::max(work.mark, later.work.mark);
        move_all(later.work.unparkings, work.unparkings);
        move_all(later.work.reads, work.reads);
        if (later.work.upstream) {
            work.upstream = std::move(later.work.upstream);
        }
        move_all(later.work.identities, work.identities);
        move_all(later.memory_replies, memory_replies);
        move_all(later.append_replies, append_replies);
        move_all(later.submit_replies, submit_replies);
        move_all(later.import_replies, import_replies);
        move_all(later.read_replies, read_replies);
        move_all(later.lookups, lookups);
        if (later.names) {
            names = std::move(later.names);
        }
    }
};

}  // namespace posthaste
