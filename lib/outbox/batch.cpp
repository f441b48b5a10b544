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

template <class Answer>
sqlite_result keep(batch_outcome& out, result<Answer, sqlite_error> answer) {
    if (!answer) {
        return answer.error();
    }
    out.reads.emplace_back(std::move(*answer));
    return {};
}

sqlite_result read_all(outbox& box, const batch& work, batch_outcome& out) {
    for (const auto& request : work.reads) {
        const auto* whole = std::get_if<page_request>(&request);
        const auto done = whole != nullptr ? keep(out, box.read_page(*whole))
                                           : keep(out, box.take_lane(std::get<lane_request>(request)));
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
        out.appends.assign(work.appends.size(), append_outcome::disk_full);
    } else if (auto appended = append_all(box, work, chance, out); !appended) {
        return appended;
    }
    if (auto trimmed = facts == retention::as_configured ? box.trim_delivered(chance.now) : sqlite_result{}; !trimmed) {
        return trimmed;
    }
    if (auto parked = box.park(work.parkings); !parked) {
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
    stuck.appends.assign(work.appends.size(), append_outcome::disk_full);
    stuck.stuck = true;
    return stuck;
}

}  // namespace posthaste
