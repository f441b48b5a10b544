#include "lib/outbox/batch.hpp"

#include <algorithm>

namespace posthaste {
namespace {

sqlite_result append_all(outbox& box, batch& work, const commit_chance& chance, batch_outcome& out) {
    out.appends.reserve(work.appends.size());
    for (auto& one : work.appends) {
        const auto admitted = box.append(one, chance.now, chance.random());
        if (!admitted) {
            return admitted.error();
        }
        out.appends.push_back(*admitted == outbox::admission::taken ? append_outcome::stored
                                                                    : append_outcome::queue_full);
    }
    return {};
}

result<import_report, sqlite_error> import_group(outbox& box, std::vector<pending_event>& group, wall_time now) {
    import_report report;
    for (auto& one : group) {
        const auto taken = box.take_in(one, now);
        if (!taken) {
            return taken.error();
        }
        report.queue_full = *taken == outbox::import::queue_full;
        if (report.queue_full) {
            break;
        }
        ++(*taken == outbox::import::known ? report.known : report.imported);
    }
    return report;
}

sqlite_result import_all(outbox& box, batch& work, const commit_chance& chance, batch_outcome& out) {
    for (auto& group : work.imports) {
        const auto report = import_group(box, group, chance.now);
        if (!report) {
            return report.error();
        }
        out.imports.push_back(*report);
    }
    return {};
}

// No room on the disk for anything new.
void refuse_new(const batch& work, batch_outcome& out) {
    out.appends.assign(work.appends.size(), append_outcome::disk_full);
    out.imports.assign(work.imports.size(), import_report{.disk_full = true});
}

sqlite_result park_all(outbox& box, const batch& work) {
    if (auto parked = box.park(work.parkings); !parked) {
        return parked;
    }
    if (work.mark) {
        box.mark_parked(*work.mark);
    }
    return box.unpark(work.unparkings);
}

result<page, sqlite_error> read_one(outbox& box, const page_request& request) {
    return box.read_page(request);
}

result<lane_page, sqlite_error> read_one(outbox& box, const lane_request& request) {
    return box.take_lane(request);
}

result<parked_lanes, sqlite_error> read_one(outbox& box, const parked_lanes_request& request) {
    return box.read_parked_lanes(request);
}

sqlite_result read_all(outbox& box, const batch& work, batch_outcome& out) {
    for (const auto& request : work.reads) {
        const auto done = std::visit(
            [&](const auto& asked) -> sqlite_result {
                auto answer = read_one(box, asked);
                if (!answer) {
                    return answer.error();
                }
                out.reads.emplace_back(*std::move(answer));
                return {};
            },
            request);
        if (!done) {
            return done;
        }
    }
    return {};
}

enum class scope { everything, all_but_appends, bare_settlements };

sqlite_result try_batch(outbox& box, batch& work, const commit_chance& chance, scope what, batch_outcome& out) {
    if (auto begun = box.begin(); !begun) {
        return begun;
    }
    const auto facts = what == scope::bare_settlements ? retention::suspended : retention::as_configured;
    const auto unknown = box.settle(work.settlements, facts);
    if (!unknown) {
        return unknown.error();
    }
    out.unknown_settlements = *unknown;
    if (what != scope::everything) {
        refuse_new(work, out);
    } else {
        if (auto appended = append_all(box, work, chance, out); !appended) {
            return appended;
        }
        if (auto imported = import_all(box, work, chance, out); !imported) {
            return imported;
        }
    }
    if (auto trimmed = facts == retention::as_configured ? box.trim(chance.now) : sqlite_result{}; !trimmed) {
        return trimmed;
    }
    if (auto parked = park_all(box, work); !parked) {
        return parked;
    }
    if (auto read = read_all(box, work, out); !read) {
        return read;
    }
    return box.commit();
}

}  // namespace

result<batch_outcome, sqlite_error> commit_batch(outbox& box, batch& work, const commit_chance& chance) {
    for (const auto what :
         {chance.refuse_appends ? scope::all_but_appends : scope::everything, scope::bare_settlements}) {
        batch_outcome out;
        const auto done = try_batch(box, work, chance, what, out);
        if (done) {
            return out;
        }
        if (!done.error().is_full()) {
            return done.error();
        }
        box.rollback();
    }
    batch_outcome stuck;
    refuse_new(work, stuck);
    stuck.stuck = true;
    return stuck;
}

}  // namespace posthaste
