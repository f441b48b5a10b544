#include <algorithm>

#include "tests/simulation/world.hpp"

namespace posthaste::simulation {

std::vector<settlement> settled_by(const std::vector<action>& actions) {
    std::vector<settlement> settled;
    for (const auto& each : testing::only<settle_event>(actions))
        settled.push_back(each.what);
    return settled;
}

void world::happened(occurrence what) {
    const bool by_person = std::holds_alternative<pause_asked>(what) || std::holds_alternative<resume_asked>(what);
    note_stops();
    auto& actions = machine_->resume(clock_.now(), std::move(what));
    kept_.expect(!by_person || !testing::only<remember_upstream>(actions).empty(), "whoever asks is answered");
    obey_all(actions);
}

void world::obey_all(std::vector<action>& actions) {
    for (action& next : actions)
        std::visit([this](auto& todo) { obey(todo); }, next);
    kept_.expect(model_.is_remembered(told_upstream_), "the pauses that survive a restart are remembered");
}

void world::obey(remember_upstream& todo) {
    told_upstream_ = todo.what;
    store_.remember(std::move(todo.what));
}

void world::obey(start_attempt& todo) {
    const sequence number = machine_->event(todo.place).number;
    kept_.expect(!stopping_, "nothing is sent once a stop began", number);
    const steady_time now = clock_.now().steady;
    const bool probe_running = std::any_of(running_.begin(), running_.end(),
                                           [](const attempt& each) { return each.from.probe_of.has_value(); });
    if (const char* const reason = model_.why_not(now, probe_running)) kept_.expect(false, reason, number);
    kept_.expect(machine_->unconfirmed() <= rules_.unconfirmed_settlements, "nothing is sent while nothing is written",
                 number);
    accounts_.started(todo, number, rules_.ordering, now, kept_);
    if (rules_.ordering == ordering::per_user) turns_.served(accounts_.user_of(number), kept_);

    attempt next{.place = todo.place, .number = number, .target = rules_.target, .answer = {}, .ends = now};
    next.from = {.looks = model_.looks(), .holds = model_.holds()};
    if (model_.probes()) next.from.probe_of = model_.trouble();
    if (rules_.ordering == ordering::per_user) check_turns_of_probes(accounts_.user_of(number));
    next.serial = limits_.started(now, running_.size() + 1, next.from.probe_of.has_value(), kept_);
    next.answer = upstream_.answer(number, rules_.target, running_.size() + 1);
    next.ends += next.answer.after;
    say("start " + std::to_string(number) + " of " + machine_->event(todo.place).what.user_id +
        (next.from.probe_of ? ", a probe" : ""));
    running_.push_back(std::move(next));
}

world::attempt world::take_running(std::size_t which) {
    std::swap(running_[which], running_.back());
    attempt taken = std::move(running_.back());
    running_.pop_back();
    return taken;
}

// A kept connection was closed before a byte of the answer came.
void world::lose_connection(const attempt& under) {
    say("lost " + std::to_string(under.number));
    note_stops();
    auto& actions = machine_->resume(clock_.now(), attempt_unsent{under.place});
    accounts_.unanswered(under.number, settled_by(actions), kept_);
    if (rules_.ordering == ordering::per_user) turns_.unserved(accounts_.user_of(under.number));
    obey_all(actions);
}

// An attempt ends: what has to come of it is worked out first.
void world::end(std::size_t which) {
    const attempt ended = take_running(which);
    if (pick(50) == 0) return lose_connection(ended);
    const instant now = clock_.now();
    const attempt_outcome& outcome = ended.answer.outcome;
    say("end " + std::to_string(ended.number) + " " + std::to_string(outcome.status.value_or(0)));

    const bool old_target = ended.target != rules_.target;
    conclusion expected{.outcome = outcome};
    const bool reached = told_upstream_.reached_with == rules_.target;
    expected.meaning = meaning_of(outcome.status, accounts_.conflicts(ended.number), reached, rules_.statuses);
    const bool hold = holds_everybody(outcome, expected.meaning);
    const bool refused =
        outcome.status == 401 || outcome.status == 403 || outcome.status == 404 || outcome.status == 405;
    const bool superseded = old_target && (refused || hold || expected.meaning == verdict::pause);
    expected.counted = !superseded && !hold && expected.meaning != verdict::pause && !model_.at_fault();
    if (!old_target) {
        const bool works =
            expected.meaning == verdict::delivered || (expected.meaning == verdict::dead && !model_.paused());
        if (works) limits_.succeeded(ended.serial);
        const bool overload = outcome.timed_out || outcome.status == 503;
        if (overload && expected.meaning == verdict::retry && !hold) limits_.overloaded(ended.serial);
        model_.ended(outcome, expected.meaning, ended.from, now.steady);
        if (hold) expected.due = model_.held_until();
    }
    note_stops();
    auto& actions = machine_->resume(now, attempt_ended{ended.place, outcome});
    const auto settled = settled_by(actions);
    if (superseded)
        accounts_.unanswered(ended.number, settled, kept_);
    else
        accounts_.ended(ended.number, expected, settled, now, kept_);
    obey_all(actions);
    const bool proof = expected.meaning == verdict::delivered && !superseded && !old_target && *outcome.status < 300;
    kept_.expect(!proof || told_upstream_.reached_with == rules_.target, "that the upstream was reached is remembered");
}

void world::note_stops() {
    if (model_.stops() == stops_seen_) return;
    stops_seen_ = model_.stops();
    limits_.stopped();
}

void world::check_report() {
    const instant now = clock_.now();
    const upstream_report told = machine_->report(now);
    kept_.expect(told.state == to_string(model_.state(now.steady)), "its state is told as it is");
    kept_.expect(told.in_flight == running_.size(), "what is in flight is told as it is");
    kept_.expect((told.state == "up") == !told.reason.has_value(), "whatever is wrong has a reason");
}

void world::check_window() {
    const lanes& window = machine_->window();
    kept_.expect(window.size() <= rules_.window.events, "the window is bounded in events");
    unordered_ = unordered_ || rules_.ordering == ordering::none;
    const std::size_t parts = unordered_ ? 17 : 1;  // sixteen of events that wait
    for (std::size_t user = 0; user < users_; ++user)
        kept_.expect(window.lane_size(name_of_user(user)) <= parts * rules_.window.lane_events,
                     "no lane fills the window");
    kept_.expect(window.bytes() <= rules_.window.bytes + rules_.window.lane_fetches * 200, "it is bounded in bytes");
    kept_.expect(!store_.unfindable(), "every event up to the mark is parked");
    kept_.expect(store_.unknown_settlements == 0, "an event ends once");
}

void world::check_turns() {
    if (rules_.ordering == ordering::none) return;
    for (std::size_t user = 0; user < users_; ++user) {
        const bool can =
            accounts_.head_is_due(user, clock_.now().steady) && machine_->window().lane_size(name_of_user(user)) > 0;
        turns_.can_go(user, can);
    }
}

bool world::window_is_full() const {
    return machine_->window().event_room() == 0 || machine_->window().byte_room() < largest_body;
}

// Whoever waits on the disk is let in, a user a probe, and then has its turn.
void world::check_turns_of_probes(std::size_t user) {
    if (!model_.probes() || window_is_full()) return passed_over_.assign(users_, 0);
    passed_over_[user] = 0;
    for (std::size_t other = 0; other < users_; ++other) {
        const bool due = other != user && accounts_.head_is_due(other, clock_.now().steady);
        passed_over_[other] = due ? passed_over_[other] + 1 : 0;
        kept_.expect(passed_over_[other] <= rules_.health.max_concurrency + 2 * users_, "every lane has its probe");
    }
}

bool world::is_quiet() const {
    return running_.empty() && !store_.has_calls() && !store_.has_replies();
}

// Nothing is under way: what could be sent by then should have been.
void world::check_nothing_sleeps(steady_time until) {
    const auto allowed = model_.latest_start();
    // Events that failed and wait keep others out once it is full, or a body does not fit.
    if (!allowed || window_is_full()) return;
    // While the upstream is not up those in the window are tried first; there are lanes enough of them.
    const bool up = model_.state(clock_.now().steady) == upstream_state::up;
    std::vector<bool> considered(users_);
    for (std::size_t user = 0; user < users_; ++user)
        considered[user] = up || machine_->window().lane_size(name_of_user(user)) > 0;
    const auto due = accounts_.latest_due(considered);
    if (!due) return;
    const steady_time latest = std::max({*due, *allowed, limits_.latest_start()}) + milliseconds{1};
    kept_.expect(until <= std::max(latest, clock_.now().steady) && clock_.now().steady <= latest,
                 "what can be sent is sent at once");
}

void world::check_end() {
    kept_.expect(store_.gone.size() == produced_, "no event is lost");
    kept_.expect(store_.unknown_settlements == 0, "an event ends once");
    kept_.expect(machine_->window().lane_count() == 0 && machine_->window().bytes() == 0, "nothing is left behind");
    for (const auto& [number, fate] : store_.gone)
        if (fate.kind == settlement::kind::dead && fate.reason == death_reason::expired)
            kept_.expect(fate.history.attempts >= 8, "has had eight attempts before it dies of age", number);
}

}  // namespace posthaste::simulation
