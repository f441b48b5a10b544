#include "tests/simulation/world.hpp"

#include <algorithm>
#include <cstdio>

namespace posthaste::simulation {
namespace {

using std::chrono::minutes;

constexpr std::size_t too_many_steps = 100'000;

retry_settings quick_retries() {
    return {.initial = seconds{1}, .max = minutes{1}, .max_age = minutes{10}};
}

}  // namespace

world::world(std::uint64_t seed, bool told)
    : random_(seed),
      told_(told),
      users_(1 + pick(30)),
      to_produce_(40 + pick(160)),
      phases_left_(2 + pick(10)),
      crashes_left_(pick(4)),
      wall_jumps_(pick(4) == 0),
      upstream_(random_),
      accounts_(quick_retries(), users_),
      turns_(users_) {
    rules_.retry = quick_retries();
    rules_.health = some_health_rules();
    rules_.ordering = pick(3) == 0 ? ordering::none : ordering::per_user;
    rules_.target = "target 0";
    rules_.unconfirmed_settlements = 1 + pick(20);
    rules_.window = {.events = 8 + pick(60), .bytes = 500 + pick(5000), .lane_events = 2 + pick(6)};
    rules_.window.lane_fetches = 1 + pick(3);
    rules_.window.lane_bytes = 50 + pick(500);
    rules_.mark_interval = rules_.window.events + pick(40);
    plan(producing, milliseconds{10});
    plan(next_phase, minutes{1});
    plan(person, minutes{3});
    if (crashes_left_ > 0) plan(crash, minutes{5});
    boot();
}

std::optional<std::string> world::run() {
    for (std::size_t steps = 0; !kept_.broken() && !is_over(); ++steps) {
        kept_.expect(steps < too_many_steps, "every event ends");
        step();
        check_report();
        check_turns();
        if (steps % 16 == 0) check_window();
    }
    if (!kept_.broken()) check_end();
    return kept_.broken();
}

bool world::is_over() const {
    return ends_soon() && store_.pending.empty() && !store_.has_calls() && !store_.has_replies();
}

void world::say(const std::string& what) const {
    if (!told_) return;
    const auto now = std::chrono::duration_cast<milliseconds>(clock_.now().steady.time_since_epoch());
    std::printf("%12.3f %s\n", static_cast<double>(now.count() % 1'000'000'000) / 1000, what.c_str());
}

health_rules world::some_health_rules() {
    health_rules rules;
    rules.max_concurrency = static_cast<std::uint32_t>(1 + pick(12));
    if (pick(3) == 0) rules.rate_limit = static_cast<std::uint32_t>(pick(2) == 0 ? 1 + pick(10) : 20 + pick(400));
    rules.reject_guard = static_cast<std::uint32_t>(pick(3) == 0 ? 0 : 2 + pick(8));
    return rules;
}

std::map<int, verdict> world::some_overrides() {
    switch (pick(8)) {
        case 0:
            return {{400, verdict::retry}};
        case 1:
            return {{422, verdict::pause}, {401, verdict::dead}};
        case 2:
            return {{429, verdict::dead}, {404, verdict::dead}};
        case 3:
            return {{500, verdict::delivered}};
        default:
            return {};
    }
}

void world::boot() {
    machine_.emplace(rules_, [this] { return random_(); });
    running_.clear();
    wake_.reset();
    told_upstream_ = store_.upstream;
    model_.begin(rules_.health, store_.upstream, clock_.now().steady);
    stops_seen_ = model_.stops();
    limits_.begin(rules_.health);
    if (model_.paused()) limits_.stopped();
    accounts_.begin(store_.pending, clock_.now());
    turns_.begin();
    passed_over_.assign(users_, 0);
    happened(delivery_started{store_.upstream});
}

void world::step() {
    const bool writes = store_.has_calls();
    const bool replies = store_.has_replies();
    if ((writes || replies) && pick(5) != 0) {
        if (replies && (!writes || pick(2) == 0))
            happened(store_.next_reply());
        else
            store_.commit(random_);
        return;
    }
    pass_time();
}

// Goes to whatever comes next, and lets it happen.
void world::pass_time() {
    std::optional<steady_time> next = wake_;
    const auto consider = [&next](const std::optional<steady_time>& when) {
        if (when && (!next || *when < *next)) next = when;
    };
    for (const attempt& each : running_)
        consider(each.ends);
    for (const auto& each : agenda_)
        consider(each);
    if (!next) {
        kept_.expect(!is_quiet() || store_.pending.empty(), "something will happen as long as events are left");
        return;
    }
    if (is_quiet()) check_nothing_sleeps(*next);
    const steady_time now = clock_.now().steady;
    if (*next > now) clock_.advance(std::chrono::ceil<milliseconds>(*next - now));
    for (std::size_t each = 0; each < running_.size(); ++each)
        if (running_[each].ends <= clock_.now().steady) return end(each);
    for (std::size_t each = 0; each < agenda_size; ++each)
        if (agenda_[each] && *agenda_[each] <= clock_.now().steady) return do_next(static_cast<agenda>(each));
    wake_.reset();
    happened(time_came{});
}

void world::plan(agenda what, milliseconds at_most) {
    agenda_[what] = clock_.now().steady + milliseconds{1 + pick(static_cast<std::uint64_t>(at_most.count()))};
}

void world::do_next(agenda what) {
    agenda_[what].reset();
    switch (what) {
        case producing:
            return produce();
        case next_phase:
            return enter_phase();
        case person:
            return act_as_person();
        case crash:
            return go_down();
        case agenda_size:
            return;
    }
}

void world::produce() {
    const auto burst = 1 + pick(pick(10) == 0 ? 60 : 6);
    for (std::uint64_t each = 0; each < burst && produced_ < to_produce_; ++each) {
        // Half of the events are of one user: a long lane beside short ones.
        const std::size_t user = pick(2) == 0 ? 0 : pick(users_);
        store_.append(testing::event_of(name_of_user(user), ++produced_, pick(largest_body)));
        accounts_.appended(produced_, user);
    }
    if (produced_ < to_produce_) plan(producing, pick(8) == 0 ? milliseconds{minutes{2}} : milliseconds{seconds{2}});
}

void world::enter_phase() {
    using phase = scripted_upstream::phase;
    if (phases_left_ > 0) --phases_left_;
    const bool well = phases_left_ == 0 || (upstream_.current() != phase::up && pick(2) == 0);
    const auto next = well ? phase::up : static_cast<phase>(1 + pick(static_cast<std::uint64_t>(phase::last)));
    // A URL is wrong from the beginning on.
    if (next == phase::wrong_url && pick(2) == 0) reload();
    upstream_.enter(next, rules_.target);
    say("phase " + std::to_string(static_cast<int>(next)));
    if (phases_left_ > 0) plan(next_phase, pick(3) == 0 ? minutes{15} : minutes{1});
}

void world::act_as_person() {
    plan(person, minutes{4});
    if (ends_soon()) {  // where every probe is rejected only a person can end the pause
        say("resume");
        model_.resume_by_hand();
        return happened(resume_asked{});
    }
    switch (pick(9)) {
        case 6:
        case 7:
            return discard_some();
        case 8:
            return hasten_one();
        case 0:
            say("pause");
            model_.pause_by_hand();
            return happened(pause_asked{});
        case 1:
        case 2:
            say("resume");
            model_.resume_by_hand();
            return happened(resume_asked{});
        case 3:
            say("probe");
            model_.look_again(clock_.now().steady, false);
            return happened(probe_asked{});
        default:
            return reload();
    }
}

sequence world::some_pending() {
    if (store_.pending.empty()) return 0;
    return std::next(store_.pending.begin(), static_cast<std::ptrdiff_t>(pick(store_.pending.size())))->first;
}

void world::discard_some() {
    std::vector<sequence> numbers;
    for (auto left = 1 + pick(8); left > 0; --left)
        if (const sequence number = some_pending(); number != 0) numbers.push_back(number);
    std::ranges::sort(numbers);
    numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
    say("discard " + std::to_string(numbers.size()));
    note_stops();
    auto& actions = machine_->resume(clock_.now(), withdrawal_asked{numbers});
    const auto told = testing::only<report_withdrawal>(actions);
    kept_.expect(told.size() == 1, "whoever asks is answered");
    accounts_.withdrawn(numbers, settled_by(actions), told.empty() ? 0 : told[0].in_flight, kept_);
    obey_all(actions);
}

void world::hasten_one() {
    const sequence number = some_pending();
    if (number == 0) return;
    say("hasten " + std::to_string(number));
    note_stops();
    auto& actions = machine_->resume(clock_.now(), retry_asked{number});
    accounts_.hastened(number, settled_by(actions), clock_.now(), kept_);
    obey_all(actions);
}

void world::reload() {
    const bool other_target = pick(2) == 0;
    if (other_target) rules_.target = "target " + std::to_string(++targets_);
    if (pick(2) == 0) rules_.health = some_health_rules();
    const ordering before = rules_.ordering;
    if (pick(4) == 0) rules_.ordering = rules_.ordering == ordering::none ? ordering::per_user : ordering::none;
    if (pick(3) == 0) rules_.statuses = some_overrides();
    say("reload, " + rules_.target + (rules_.ordering == ordering::none ? "" : ", in order") + ", concurrency " +
        std::to_string(rules_.health.max_concurrency) + ", rate " +
        std::to_string(rules_.health.rate_limit.value_or(0)));
    model_.change_rules(rules_.health);
    model_.look_again(clock_.now().steady, other_target);
    limits_.change_rules(rules_.health);
    turns_.begin();
    passed_over_.assign(users_, 0);
    if (rules_.ordering != before) accounts_.reordered();
    happened(rules_changed{rules_});
}

void world::go_down() {
    if (pick(2) == 0) stop_in_order();
    say(stopping_ ? "stopped" : "crash");
    stopping_ = false;
    produced_ -= store_.crash();
    if (!agenda_[producing]) plan(producing, seconds{1});
    if (wall_jumps_) jump_the_wall_clock();
    if (--crashes_left_ > 0) plan(crash, minutes{10});
    boot();
}

// What is under way comes to its end, and all of it is written.
void world::stop_in_order() {
    stopping_ = true;
    happened(delivery_stopping{});
    while (!kept_.broken() && (!running_.empty() || !is_quiet())) {
        if (store_.has_calls()) {
            store_.commit(random_);
        } else if (store_.has_replies()) {
            happened(store_.next_reply());
        } else {
            const auto first = std::ranges::min_element(running_, {}, &attempt::ends);
            const steady_time now = clock_.now().steady;
            if (first->ends > now) clock_.advance(std::chrono::ceil<milliseconds>(first->ends - now));
            end(static_cast<std::size_t>(first - running_.begin()));
        }
    }
    kept_.expect(machine_->in_flight() == 0 && machine_->unconfirmed() == 0, "a stop leaves nothing unwritten");
}

void world::jump_the_wall_clock() {
    clock_.jump_wall(std::chrono::hours{static_cast<int>(pick(49)) - 24});
    accounts_.wall_jumped();
}

}  // namespace posthaste::simulation
