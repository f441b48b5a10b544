#include "tests/simulation/event_accounts.hpp"

#include <algorithm>

namespace posthaste::simulation {

std::string name_of_user(std::size_t user) {
    return "user " + std::to_string(user);
}

void event_accounts::begin(const std::map<sequence, pending_event>& stored, instant now) {
    std::map<sequence, account> known;
    for (auto& lane : lanes_)
        lane.clear();
    for (const auto& [number, event] : stored) {
        account& one = known[number];
        one.user = accounts_.at(number).user;
        lanes_[one.user].insert(number);
        if (!event.history) continue;
        one.attempts = event.history->attempts;
        one.conflicts = event.history->conflicts_in_a_row;
        one.first_failed = event.history->first_failed_at;
        if (event.history->last_error) one.last_status = event.history->last_error->status;
        const milliseconds left = std::max(event.history->next_at - now.wall, milliseconds{0});
        one.due = now.steady + left;  // at the latest: what is read back later is bounded from then on
        if (!jumped_) one.earliest = now.steady + std::min(left, retry_.max);
    }
    accounts_ = std::move(known);
    mixed_ = false;
}

void event_accounts::appended(sequence number, std::size_t user) {
    accounts_[number] = {.user = user};
    lanes_[user].insert(number);
}

void event_accounts::started(const start_attempt& attempt, sequence number, ordering order, steady_time now,
                             promises& kept) {
    account& one = accounts_[number];
    kept.expect(!one.through, "is not sent once more after its end", number);
    kept.expect(!one.in_flight, "is not sent twice at once", number);
    if (order == ordering::per_user)
        kept.expect(head(one.user) == number, "does not overtake an event of its lane", number);
    // Without order an event that waits may be read back from disk, where times stand by the wall clock.
    if (order == ordering::per_user || !jumped_)
        kept.expect(now >= one.earliest, "is not sent before it is due", number);
    kept.expect(attempt.retries >= one.attempts && (attempt.retries == 0 || one.sent > 0 || one.attempts > 0),
                "tells how often it was sent before", number);
    kept.expect(attempt.new_connection || one.last_status != 421, "after a 421 goes on a new connection", number);
    kept.expect(!attempt.new_connection || one.last_status == 421 || one.unanswered, "else on any", number);
    one.unanswered = false;
    one.in_flight = true;
    ++one.sent;
}

void event_accounts::ended(sequence number, const conclusion& expected, const std::vector<settlement>& settled,
                           instant now, promises& kept) {
    account& one = accounts_[number];
    one.in_flight = false;
    kept.expect(settled.size() == 1 && settled[0].number == number, "is settled once for each answer", number);
    if (settled.size() != 1) return;
    const settlement& what = settled[0];
    if (expected.meaning == verdict::delivered) {
        kept.expect(what.what == settlement::kind::delivered, "is delivered by such an answer", number);
        kept.expect(what.attempts == one.attempts + 1, "tells how many attempts its delivery took", number);
        kept.expect(what.status == expected.outcome.status, "keeps the answer's status", number);
        finish(one, number);
        return;
    }
    one.conflicts = expected.outcome.status == 409 ? one.conflicts + 1 : 0;
    one.last_status = expected.outcome.status;
    if (expected.counted) {
        ++one.attempts;
        if (!one.first_failed) one.first_failed = now.wall;
    }
    const attempt_history& history = what.history;
    kept.expect(history.attempts == one.attempts, "counts its own failures, and no hold's nor pause's", number);
    kept.expect(history.first_failed_at == one.first_failed, "ages from its first counted failure", number);
    kept.expect(history.conflicts_in_a_row == one.conflicts, "counts its conflicts in a row", number);
    kept.expect(history.last_error && history.last_error->status == one.last_status, "keeps its last error", number);
    check_failed(one, number, expected, what, now, kept);
}

void event_accounts::check_failed(account& of, sequence number, const conclusion& expected, const settlement& what,
                                  instant now, promises& kept) {
    const bool rejected = expected.counted && expected.meaning == verdict::dead;
    if (what.what == settlement::kind::dead) {
        const bool expired = expected.counted && !rejected && may_expire(of, now);
        kept.expect(rejected || expired, "dies only of a rejection or of age", number);
        kept.expect(what.reason == (rejected ? death_reason::rejected : death_reason::expired), "died of that", number);
        finish(of, number);
        return;
    }
    kept.expect(what.what == settlement::kind::failed, "is not delivered by such an answer", number);
    kept.expect(!rejected, "is not sent again after a rejection", number);
    kept.expect(!expected.counted || !must_expire(of, now), "dies when it is too old", number);
    const milliseconds wait = what.history.next_at - now.wall;
    if (expected.counted) {
        const auto doublings = std::min(of.attempts - 1, 30u);
        const milliseconds longest = std::min(retry_.max, retry_.initial * (std::int64_t{1} << doublings));
        kept.expect(wait >= longest / 2 && wait <= longest, "waits between half of its backoff and all of it", number);
        of.earliest = of.due = now.steady + wait;
    } else {
        of.due = std::max(expected.due.value_or(now.steady), now.steady);
        of.earliest = {};  // the upstream's hold is what holds it
        kept.expect(now.steady + wait == of.due, "is due when the hold ends, or at once", number);
        of.due = now.steady;  // the hold may end early: with another key
    }
}

void event_accounts::unanswered(sequence number, const std::vector<settlement>& settled, promises& kept) {
    account& one = accounts_[number];
    one.in_flight = false;
    one.unanswered = true;
    one.earliest = one.due = {};
    kept.expect(settled.empty(), "what came to nothing is not counted", number);
}

void event_accounts::withdrawn(const std::vector<sequence>& asked, const std::vector<settlement>& settled,
                               std::size_t in_flight, promises& kept) {
    std::size_t staying = 0;
    for (const sequence number : asked) {
        account& one = accounts_[number];
        staying += one.in_flight ? 1 : 0;
        const bool discarded =
            std::ranges::any_of(settled, [number](const settlement& each) { return each.number == number; });
        kept.expect(discarded != one.in_flight, "is discarded unless it is in flight", number);
        if (discarded && !one.through) finish(one, number);
    }
    kept.expect(settled.size() + staying == asked.size() && in_flight == staying, "whoever discards is told the truth");
}

void event_accounts::hastened(sequence number, const std::vector<settlement>& settled, instant now, promises& kept) {
    account& one = accounts_[number];
    kept.expect(settled.empty() || (settled[0].what == settlement::kind::failed && settled[0].number == number),
                "is only due at once", number);
    if (settled.empty()) return;
    kept.expect(settled[0].history.next_at == now.wall && settled[0].history.attempts == one.attempts,
                "keeps its history when it is to be sent at once", number);
    one.earliest = one.due = now.steady;
}

std::optional<sequence> event_accounts::head(std::size_t user) const {
    if (lanes_[user].empty()) return std::nullopt;
    return *lanes_[user].begin();
}

bool event_accounts::head_is_due(std::size_t user, steady_time now) const {
    if (jumped_ || mixed_ || lanes_[user].empty()) return false;
    const account& one = accounts_.at(*lanes_[user].begin());
    return !one.in_flight && one.due <= now;
}

std::optional<steady_time> event_accounts::latest_due(const std::vector<bool>& users) const {
    if (jumped_ || mixed_) return std::nullopt;
    std::optional<steady_time> first;
    for (std::size_t user = 0; user < lanes_.size(); ++user) {
        if (!users[user] || lanes_[user].empty()) continue;
        const steady_time due = accounts_.at(*lanes_[user].begin()).due;
        if (!first || due < *first) first = due;
    }
    return first;
}

bool event_accounts::may_expire(const account& of, instant now) const {
    return of.attempts >= 8 && (jumped_ || now.wall - *of.first_failed > retry_.max_age);
}

bool event_accounts::must_expire(const account& of, instant now) const {
    return of.attempts >= 8 && !jumped_ && now.wall - *of.first_failed > retry_.max_age;
}

void event_accounts::finish(account& done, sequence number) {
    done.through = true;
    lanes_[done.user].erase(number);
}

}  // namespace posthaste::simulation
