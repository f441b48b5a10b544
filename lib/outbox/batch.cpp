#include "lib/outbox/batch.hpp"

#include <algorithm>

#include "lib/outbox/fitting.hpp"

namespace posthaste {
namespace {

void append_all(outbox& box, batch& work, const commit_chance& chance, batch_outcome& out) {
    out.appends.reserve(work.appends.size());
    for (auto& one : work.appends) {
        const auto admitted = box.append(one, chance.now, chance.random());
        out.appends.push_back(admitted == outbox::admission::taken ? append_outcome::stored
                                                                   : append_outcome::queue_full);
    }
}

submission_outcome::kind kind_of(outbox::submitted what) {
    switch (what) {
        case outbox::submitted::stored:
            return submission_outcome::kind::stored;
        case outbox::submitted::replayed:
            return submission_outcome::kind::replayed;
        case outbox::submitted::key_reused:
            return submission_outcome::kind::key_reused;
        case outbox::submitted::queue_full:
            break;
    }
    return submission_outcome::kind::queue_full;
}

sqlite_result submit_all(outbox& box, batch& work, const commit_chance& chance, batch_outcome& out) {
    for (auto& one : work.submissions) {
        submission_outcome& outcome = out.submissions.emplace_back();
        const auto submitted = box.submit(one, outcome.told, chance.now, chance.random());
        if (!submitted) {
            return submitted.error();
        }
        outcome.what = kind_of(*submitted);
    }
    return {};
}

// What was stored before is told, however full the disk is.
sqlite_result recall_all(outbox& box, const batch& work, wall_time now, batch_outcome& out) {
    for (const auto& one : work.submissions) {
        submission_outcome& outcome = out.submissions.emplace_back();
        const auto known = box.recall(one, outcome.told, now);
        if (!known) {
            return known.error();
        }
        outcome.what = *known == outbox::submitted::queue_full ? submission_outcome::kind::disk_full : kind_of(*known);
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

result<dead_report, sqlite_error> apply_slice(outbox& box, dead_request asked, const commit_chance& chance) {
    asked.which.limit = std::min(asked.which.limit, chance.dead_rows);
    return box.apply(asked);
}

sqlite_result do_by_hand(outbox& box, const batch& work, const commit_chance& chance, batch_outcome& out) {
    for (const auto& asked : work.by_hand) {
        const auto report = apply_slice(box, asked, chance);
        if (!report) {
            return report.error();
        }
        out.by_hand.push_back(*report);
    }
    return {};
}

// No room on the disk for anything new.
void refuse_new(const batch& work, batch_outcome& out) {
    out.appends.assign(work.appends.size(), append_outcome::disk_full);
    out.imports.assign(work.imports.size(), import_report{.disk_full = true});
    out.by_hand.assign(work.by_hand.size(), dead_report{.disk_full = true});
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

sqlite_result settle_all(outbox& box, const batch& work, retention facts, batch_outcome& out) {
    const auto unknown = box.settle(work.settlements, facts);
    if (!unknown) {
        return unknown.error();
    }
    out.unknown_settlements = *unknown;
    return {};
}

// What delivery needs to go on.
sqlite_result serve_delivery(outbox& box, const batch& work, batch_outcome& out) {
    out.reads.clear();
    if (auto parked = park_all(box, work); !parked) {
        return parked;
    }
    return read_all(box, work, out);
}

sqlite_result remember(outbox& box, const batch& work) {
    return work.upstream ? box.remember(*work.upstream) : sqlite_result{};
}

sqlite_result keep_identities(outbox& box, const batch& work, wall_time now) {
    for (const auto& change : work.identities) {
        if (auto applied = box.apply(change, now); !applied) {
            return applied;
        }
    }
    return {};
}

sqlite_result try_everything(outbox& box, batch& work, const commit_chance& chance, batch_outcome& out) {
    if (auto begun = box.begin(); !begun) {
        return begun;
    }
    if (auto settled = settle_all(box, work, retention::as_configured, out); !settled) {
        return settled;
    }
    append_all(box, work, chance, out);
    if (auto submitted = submit_all(box, work, chance, out); !submitted) {
        return submitted;
    }
    if (auto stored = box.store_admitted(); !stored) {
        return stored;
    }
    if (auto imported = import_all(box, work, chance, out); !imported) {
        return imported;
    }
    if (auto done = do_by_hand(box, work, chance, out); !done) {
        return done;
    }
    if (auto kept = keep_identities(box, work, chance.now); !kept) {
        return kept;
    }
    if (auto trimmed = box.trim(chance.now); !trimmed) {
        return trimmed;
    }
    if (auto served = serve_delivery(box, work, out); !served) {
        return served;
    }
    if (auto noted = remember(box, work); !noted) {
        return noted;
    }
    return box.commit();
}

// Discarding makes room, if there is what it takes to write that down; everything else has to wait.
sqlite_result discard_by_hand(outbox& box, const batch& work, const commit_chance& chance, batch_outcome& out) {
    for (std::size_t at = 0; at < work.by_hand.size(); ++at) {
        if (work.by_hand[at].what != dead_request::kind::discard) {
            continue;
        }
        dead_report report;
        const auto fitted = fits(box, [&]() -> sqlite_result {
            const auto done = apply_slice(box, work.by_hand[at], chance);
            report = done ? *done : dead_report{};
            return done ? sqlite_result{} : done.error();
        });
        if (!fitted) {
            return fitted.error();
        }
        if (*fitted) {
            out.by_hand[at] = report;
        }
    }
    return {};
}

// False: some are left, and nothing else of `work.settlements`.
result<bool, sqlite_error> settle_what_fits(outbox& box, batch& work, batch_outcome& out) {
    const auto at_once = fits(box, [&] { return settle_all(box, work, retention::suspended, out); });
    if (!at_once || *at_once) {
        return at_once;
    }
    out.unknown_settlements = 0;
    const auto done = settle_in_slices(box, work.settlements);
    if (!done) {
        return done.error();
    }
    if (*done == work.settlements.size()) {
        return true;
    }
    out.settled = *done;
    work.settlements.erase(work.settlements.begin(), work.settlements.begin() + static_cast<std::ptrdiff_t>(*done));
    return false;
}

// What a full disk may still be given: what became of events, and only then, and without making the file longer, what
// delivery needs to go on (rule 6).
result<batch_outcome, sqlite_error> commit_bare(outbox& box, batch& work, const commit_chance& chance) {
    batch_outcome out;
    refuse_new(work, out);
    if (auto recalled = recall_all(box, work, chance.now, out); !recalled) {
        return recalled.error();
    }
    const bool may_grow = chance.refuse_appends && chance.may_grow;
    if (const auto held = box.hold_to_room(); !held) {
        return held.error();
    }
    if (!work.settlements.empty()) {
        const auto settled = settle_what_fits(box, work, out);
        if (!settled) {
            return settled.error();
        }
        out.stuck = !*settled;
    }
    if (const auto discarded = discard_by_hand(box, work, chance, out); !discarded) {
        return discarded.error();
    }
    if (work.upstream) {
        const auto noted = fits(box, [&] { return remember(box, work); });
        if (!noted) {
            return noted.error();
        }
        out.remembered = *noted;
        out.readers_wait = !*noted;
    }
    const bool nothing_else = work.parkings.empty() && !work.mark && work.unparkings.empty() && work.reads.empty();
    if (!out.stuck && !out.readers_wait && !nothing_else) {
        if (const auto held = may_grow ? sqlite_result{} : box.hold_size(); !held) {
            return held.error();
        }
        const auto served = fits(box, [&] { return serve_delivery(box, work, out); });
        if (!served) {
            return served.error();
        }
        out.readers_wait = !*served;
    }
    if (const auto released = box.release_size(); !released) {
        return released.error();
    }
    return out;
}

}  // namespace

result<batch_outcome, sqlite_error> commit_batch(outbox& box, batch& work, const commit_chance& chance) {
    if (!chance.refuse_appends) {
        batch_outcome out;
        const auto done = try_everything(box, work, chance, out);
        if (done) {
            out.remembered = true;
            return out;
        }
        if (!done.error().is_full()) {
            return done.error();
        }
        box.rollback();
    }
    return commit_bare(box, work, chance);
}

}  // namespace posthaste
