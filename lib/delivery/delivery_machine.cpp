#include "lib/delivery/delivery_machine.hpp"

#include <algorithm>
#include <utility>

#include "lib/base/require.hpp"

namespace posthaste {

delivery_machine::delivery_machine(delivery_rules rules, std::function<std::uint64_t()> random)
    : rules_(std::move(rules)),
      random_(std::move(random)),
      lanes_(rules_.window, rules_.retry.max, rules_.ordering),
      health_(rules_.health) {}

std::vector<action>& delivery_machine::resume(instant now, occurrence happened) {
    actions_.clear();
    std::visit([&](auto& what) { on(now, std::move(what)); }, happened);
    lanes_.release(now.steady);
    if (!stopping_) {
        start_attempts(now);
        make_room(now);
    }
    keep_parkings();
    if (!stopping_) {
        fetch(now);
        arm_wake(now);
    }
    tell_changes(now);
    return actions_;
}

upstream_report delivery_machine::report(instant now) const {
    upstream_report report;
    health_.describe(report, now);
    report.in_flight = in_flight_;
    return report;
}

void delivery_machine::on(instant now, delivery_started started) {
    more_on_disk_ = true;  // perhaps: the first page tells
    memory_ = std::move(started.left);
    health_.restore(memory_, now);
    finding_lanes_ = true;
    actions_.emplace_back(fetch_parked_lanes{});
}

void delivery_machine::on(instant now, events_committed committed) {
    const bool caught_up =
        !more_on_disk_ && !fetching_ && !committed.events.empty() && committed.events.front().number == cursor_ + 1;
    highest_committed_ = std::max(highest_committed_, committed.last);
    if (!committed.events.empty()) highest_committed_ = std::max(highest_committed_, committed.events.back().number);
    if (caught_up && !stopping_ && !stands_still(now)) (void)advance(committed.events, now);
    more_on_disk_ = more_on_disk_ || highest_committed_ > cursor_;
}

void delivery_machine::on(instant now, page_arrived arrived) {
    REQUIRE(fetching_, "a page answers a request");
    fetching_ = false;
    if (stopping_) return;
    page& read = arrived.what;
    const bool taken = advance(read.events, now);
    if (taken) cursor_ = std::max(cursor_, read.last);
    bury(read.damaged, cursor_, now);
    more_on_disk_ = !taken || !read.reached_end || highest_committed_ > cursor_;
}

void delivery_machine::on(instant now, lane_page_arrived arrived) {
    // While stopping nothing of it will be sent, but what was taken out of the parking is pending again all the same.
    bury(arrived.what.damaged, max_sequence, now);
    std::erase_if(arrived.what.events, [this](const pending_event& each) { return withdrawn_.contains(each.number); });
    lanes_.refill(std::move(arrived.what), now);
}

void delivery_machine::on(instant, parked_lanes_arrived arrived) {
    REQUIRE(finding_lanes_, "the lanes are asked for at the start");
    cursor_ = arrived.what.mark;
    for (const std::string& user_id : arrived.what.user_ids)
        lanes_.adopt(user_id);
    finding_lanes_ = !arrived.what.reached_end;
    if (finding_lanes_ && !stopping_)
        actions_.emplace_back(fetch_parked_lanes{{.after = std::move(arrived.what.last)}});
}

void delivery_machine::on(instant now, attempt_ended ended) {
    REQUIRE(in_flight_ > 0, "an attempt ends once");
    --in_flight_;
    const attempt_ticket ticket = running_[ended.place].ticket;
    window_event& event = lanes_.at(ended.place);
    concluded_ = verdict::retry;
    const auto conflicts = event.what.history ? event.what.history->conflicts_in_a_row : 0;
    const bool reached = !memory_.reached_with.empty() && memory_.reached_with == rules_.target;
    const verdict meaning = judge(ended.outcome.status, {conflicts, reached}, rules_.statuses);
    was_of_old_target_ = running_[ended.place].target != targets_;
    upstream_failed_ = !was_of_old_target_ && is_failure_of_upstream(ended.outcome.status, meaning);
    const bool at_fault = health_.is_at_fault();
    if (was_of_old_target_)
        health_.ended_void(ticket);
    else
        health_.ended(ticket, ended.outcome, meaning, now, random_());
    if (health_.state(now.steady) != upstream_state::up) last_tried_ = event.what.what.user_id;
    if (is_superseded(ended.place, ended.outcome, meaning)) {
        ++event.uncounted;
        lanes_.put_back(ended.place);
        return;
    }
    conclude(ended.place, ended.outcome, meaning, at_fault, now);
}

// Whether it may go out is asked anew: a pause or hold may have begun meanwhile, and it is another request by rate.
void delivery_machine::on(instant, attempt_unsent unsent) {
    REQUIRE(in_flight_ > 0, "an attempt ends once");
    --in_flight_;
    health_.ended_void(running_[unsent.place].ticket);
    lanes_.at(unsent.place).needs_new_connection = true;
    lanes_.put_back(unsent.place, lanes::turn::next);
}

void delivery_machine::on(instant, settlements_confirmed confirmed) {
    REQUIRE(confirmed.count <= unconfirmed_, "only what was settled is confirmed");
    unconfirmed_ -= confirmed.count;
    stuck_ = false;
    if (withdrawn_.empty()) return;
    const std::uint64_t durable = settled_ - unconfirmed_;
    std::erase_if(withdrawn_, [durable](const auto& each) { return each.second <= durable; });
}

void delivery_machine::on(instant, settlements_stuck) {
    stuck_ = unconfirmed_ > 0;
}

void delivery_machine::on(instant, time_came) {
    armed_.reset();
}

void delivery_machine::on(instant now, rules_changed changed) {
    const bool other_target = changed.rules.target != rules_.target;
    rules_ = std::move(changed.rules);
    lanes_.set_ordering(rules_.ordering);
    lanes_.set_longest_wait(rules_.retry.max);
    health_.change_rules(rules_.health);
    if (other_target) ++targets_;
    health_.look_again(now, other_target);
}

void delivery_machine::on(instant now, probe_asked) {
    health_.look_again(now, false);
}

void delivery_machine::on(instant now, pause_asked) {
    health_.pause_by_hand(now);
    to_remember_ = true;
}

void delivery_machine::on(instant, resume_asked) {
    health_.resume_by_hand();
    to_remember_ = true;
}

// The facts say so too: a restart before the attempt must not make it wait again.
void delivery_machine::on(instant now, retry_asked asked) {
    const auto place = lanes_.hasten(asked.number, now);
    if (!place) return;
    attempt_history& history = *lanes_.at(*place).what.history;
    history.next_at = now.wall;
    settle({.what = settlement::kind::failed, .number = asked.number, .at = now.wall, .history = history});
}

// Those that are not in the window are on disk, and go with the settlement; a page that was asked for before it may
// still bring them.
void delivery_machine::on(instant now, withdrawal_asked asked) {
    if (stopping_) {
        actions_.emplace_back(report_withdrawal{0, asked.numbers.size()});
        return;
    }
    const std::vector<sequence> in_flight = lanes_.withdraw(asked.numbers, now);
    for (const sequence number : asked.numbers) {
        if (std::ranges::find(in_flight, number) != in_flight.end()) continue;
        settle({.what = settlement::kind::discarded, .number = number, .at = now.wall, .history = {}});
        withdrawn_[number] = settled_;
    }
    actions_.emplace_back(report_withdrawal{asked.numbers.size() - in_flight.size(), in_flight.size()});
}

void delivery_machine::on(instant, delivery_stopping) {
    stopping_ = true;
}

// Offers the events beyond the cursor in their order and moves it. False: the window is full, the rest stays on disk.
bool delivery_machine::advance(std::vector<pending_event>& events, instant now) {
    for (pending_event& event : events) {
        const sequence number = event.number;
        if (number <= cursor_) continue;
        if (withdrawn_.contains(number)) {
            cursor_ = number;
            continue;
        }
        if (lanes_.offer(event, now) == lanes::offered::no_room) {
            cursor_ = number - 1;
            refused_ = {event.what.user_id, event.what.body.size()};
            return false;
        }
        cursor_ = number;
        ++passed_since_mark_;
        refused_.bytes = 0;
    }
    return true;
}

// Rows that cannot be trusted are never sent. Those beyond `until` will be met again.
void delivery_machine::bury(const std::vector<sequence>& damaged, sequence until, instant now) {
    for (const sequence number : damaged) {
        if (number > until) continue;
        actions_.emplace_back(report_death{.number = number, .reason = death_reason::damaged});
        settle({.what = settlement::kind::dead,
                .number = number,
                .at = now.wall,
                .history = {},
                .reason = death_reason::damaged});
    }
}

bool delivery_machine::may_settle_more() const noexcept {
    return !stuck_ && unconfirmed_ <= rules_.unconfirmed_settlements;
}

void delivery_machine::start_attempts(instant now) {
    while (lanes_.any_ready() && may_settle_more()) {
        const permit allowed = health_.may_start(now.steady, in_flight_);
        if (allowed == permit::none) return;
        if (allowed == permit::probe) lanes_.pass_over(last_tried_);
        start_one(*lanes_.start(), now);
    }
}

void delivery_machine::start_one(slot place, instant now) {
    ++in_flight_;
    if (running_.size() <= place) running_.resize(place + 1);
    window_event& event = lanes_.at(place);
    running_[place] = {health_.start(event.what.id, now.steady), targets_};
    probes_ = running_[place].ticket.probe ? probes_ + 1 : 0;
    start_attempt next{.place = place, .retries = event.uncounted};
    next.new_connection = std::exchange(event.needs_new_connection, false);
    if (const auto& history = event.what.history) {
        next.retries += history->attempts;
        // 421: that server does not answer for this name on that connection (RFC 9110, 15.5.20).
        next.new_connection |= history->last_error && history->last_error->status == 421;
    }
    actions_.emplace_back(next);
}

// While nothing but probes goes out, lanes enough for a good start are; each probe lets another one in, since it may be
// the events of these very lanes that the upstream fails at.
bool delivery_machine::stands_still(instant now) const noexcept {
    return health_.state(now.steady) != upstream_state::up &&
           lanes_.lane_count() >= std::size_t{rules_.health.max_concurrency} + probes_;
}

// Where attempts could start and no lane has one, lanes that wait must not keep out those who could go; nor where the
// others are tried one at a time.
void delivery_machine::make_room(instant now) {
    const bool done = !lanes_.any_ready() || health_.state(now.steady) != upstream_state::up;
    if (!done || in_flight_ >= health_.concurrency() || stands_still(now)) return;
    const page_request whole;
    if (more_on_disk_ && !fetching_ && !finding_lanes_)
        lanes_.make_room(whole.max_events, whole.max_bytes);
    else if (lanes_.any_starving())
        lanes_.make_room(1, 1);
}

void delivery_machine::keep_parkings() {
    auto parked = lanes_.take_parked();
    parked_since_mark_ = parked_since_mark_ || !parked.empty();
    const bool mark = parked_since_mark_ && passed_since_mark_ >= rules_.mark_interval;
    if (!parked.empty()) actions_.emplace_back(park_events{std::move(parked)});
    if (mark) {
        parked_since_mark_ = false;
        passed_since_mark_ = 0;
        lanes_.park_window();
        actions_.emplace_back(park_events{lanes_.take_parked()});
        actions_.emplace_back(mark_parked{cursor_});
    }
    if (auto settled = lanes_.take_unparked(); !settled.empty())
        actions_.emplace_back(unpark_events{std::move(settled)});
}

void delivery_machine::fetch(instant now) {
    // Lanes that are known to wait for room come before new ones.
    while (auto refill = lanes_.next_refill(cursor_ + 1))
        actions_.emplace_back(fetch_lane{*std::move(refill)});

    if (fetching_ || finding_lanes_ || !more_on_disk_ || stands_still(now)) return;
    page_request next{.after = cursor_};
    const std::size_t events = lanes_.event_room();
    const std::uint64_t bytes = lanes_.byte_room();
    // Whole pages while there is work; when that runs out, or is done a probe at a time, whatever finds room.
    const bool whole_page = events >= next.max_events && bytes >= next.max_bytes;
    const bool busy = lanes_.any_ready() && health_.state(now.steady) == upstream_state::up;
    if (!whole_page && (busy || events == 0 || bytes == 0)) return;
    // It would be read in vain, again and again.
    if (bytes < refused_.bytes && lanes_.size() > 0 && !lanes_.parks_without_room(refused_.user_id)) return;
    next.max_events = std::min(next.max_events, events);
    next.max_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(next.max_bytes, bytes));
    fetching_ = true;
    actions_.emplace_back(fetch_page{next});
}

void delivery_machine::arm_wake(instant now) {
    auto due = lanes_.next_due();
    if (lanes_.any_ready() && may_settle_more()) {
        const auto allowed = health_.next_permit(now.steady, in_flight_);
        if (allowed && (!due || *allowed < *due)) due = allowed;
    }
    if (!due || (armed_ && *armed_ <= *due)) return;
    armed_ = due;
    actions_.emplace_back(wake_at{*due});
}

// What a person or the next run has to know of the upstream, where it is not what they know.
void delivery_machine::tell_changes(instant now) {
    if (health_.remember(memory_) || to_remember_) {
        to_remember_ = false;
        actions_.emplace_back(remember_upstream{memory_});
    }
    const upstream_state state = health_.state(now.steady);
    const bool same_trouble = told_troubles_ == health_.troubles() || state == upstream_state::up;
    if (state == told_state_ && same_trouble) return;
    told_state_ = state;
    told_troubles_ = health_.troubles();
    actions_.emplace_back(report_upstream{report(now)});
}

}  // namespace posthaste
