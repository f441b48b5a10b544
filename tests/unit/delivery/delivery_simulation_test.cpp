// Drives the machine by a random interleaving of everything that can happen to it, from one seed, and checks after each
// step what delivery promises. To replay a failure: POSTHASTE_SEED=n delivery_tests
// --gtest_filter='delivery_simulation*'

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "lib/delivery/backoff.hpp"
#include "tests/unit/delivery/simulated_store.hpp"
#include "tests/unit/delivery/support.hpp"

namespace posthaste {
namespace {

using testing::event_of;
using testing::simulated_store;
using testing::virtual_clock;

constexpr std::uint64_t largest_body = 200;

class simulation {
  public:
    explicit simulation(std::uint64_t seed) : random_(seed) {
        rules_.health.max_concurrency = static_cast<std::uint32_t>(1 + pick(8));
        rules_.unconfirmed_settlements = 1 + pick(20);
        rules_.window.events = 8 + pick(60);
        rules_.window.bytes = 500 + pick(5000);
        rules_.window.lane_events = 2 + pick(6);
        rules_.window.lane_fetches = 1 + pick(3);
        rules_.mark_interval = rules_.window.events + pick(40);
        rules_.ordering = pick(3) == 0 ? ordering::none : ordering::per_user;
        rules_.retry = {.initial = seconds{1}, .max = std::chrono::minutes{1}, .max_age = std::chrono::hours{1}};
        rules_.health.reject_guard = 0;
        users_ = 1 + pick(30);
        to_produce_ = 200 + pick(400);
        crashes_left_ = pick(5);
        boot();
    }

    void run() {
        std::size_t steps = 0;
        while (!::testing::Test::HasFatalFailure() && (produced_ < to_produce_ || !all_gone())) {
            ASSERT_LT(++steps, 200'000u) << "nothing goes on: " << store_.pending.size() << " events are left";
            step();
            check_bounds();
            if (steps % 16 == 0) check_parkings();
        }
        check_fates();
    }

  private:
    std::uint64_t pick(std::uint64_t below) { return random_() % below; }
    [[nodiscard]] bool all_gone() const { return store_.pending.empty() && !store_.has_calls(); }

    void boot() {
        machine_.emplace(rules_, [this] { return random_(); });
        running_.clear();
        in_flight_.clear();
        due_.clear();  // the wall clock may have jumped since
        finished_.clear();
        happened(delivery_started{});
    }

    void step() {
        const auto chance = pick(100);
        if (chance < 25 && produced_ < to_produce_) {
            produce();
        } else if (chance < 50 && store_.has_calls()) {
            store_.commit(random_);
        } else if (chance < 75 && store_.has_replies()) {
            happened(store_.next_reply());
        } else if (chance < 95 && !running_.empty()) {
            end_one();
        } else if (chance == 99 && crashes_left_ > 0 && pick(5) == 0) {
            --crashes_left_;
            produced_ -= store_.crash();
            check_parkings();
            boot();
        } else if (wake_) {
            if (*wake_ > clock_.now().steady)
                clock_.advance(std::chrono::ceil<milliseconds>(*wake_ - clock_.now().steady));
            if (pick(50) == 0) {
                clock_.jump_wall(std::chrono::hours{static_cast<int>(pick(49)) - 24});
                wall_jumped_ = true;
            }
            wake_.reset();
            happened(time_came{});
            // Where every probe is rejected only a person can end the pause.
            if (machine_->report(clock_.now()).state == "paused" && pick(10) == 0) happened(resume_asked{});
        }
    }

    void produce() {
        const auto burst = 1 + pick(5);
        for (std::uint64_t each = 0; each < burst; ++each) {
            // Half of the events are of one user: a long lane beside short ones.
            const auto user = pick(2) == 0 ? 0 : pick(users_);
            store_.append(event_of("user " + std::to_string(user), ++produced_, pick(largest_body)));
        }
    }

    void happened(occurrence what) {
        for (action& next : machine_->resume(clock_.now(), std::move(what)))
            std::visit([this](auto& todo) { obey(todo); }, next);
    }

    void obey(settle_event& todo) { store_.settle(std::move(todo.what)); }
    void obey(report_death&) {}
    void obey(remember_upstream&) {}
    void obey(report_upstream&) {}
    void obey(park_events& todo) { store_.park(std::move(todo.events)); }
    void obey(const mark_parked& todo) {
        store_.mark_parked(todo.through);
        ++marks_;
    }
    void obey(unpark_events& todo) { store_.unpark(std::move(todo.events)); }
    void obey(fetch_parked_lanes& todo) { store_.fetch_parked_lanes(std::move(todo.what)); }
    void obey(fetch_lane& todo) { store_.fetch_lane(std::move(todo.what)); }
    void obey(fetch_page& todo) { store_.fetch(todo.what); }
    void obey(wake_at& todo) { wake_ = todo.when; }

    void obey(start_attempt& todo) {
        const pending_event& event = machine_->event(todo.place);
        ASSERT_TRUE(store_.pending.contains(event.number) || finished_.contains(event.number)) << "was committed";
        ASSERT_FALSE(finished_.contains(event.number)) << "is sent once more after its end";
        for (const auto& [number, other] : store_.pending) {
            if (number >= event.number || rules_.ordering == ordering::none) break;
            ASSERT_TRUE(other.what.user_id != event.what.user_id || finished_.contains(number))
                << event.number << " overtakes " << number << " of " << event.what.user_id;
        }
        ASSERT_LE(machine_->unconfirmed(), rules_.unconfirmed_settlements);
        const auto due = due_.find(event.number);
        // Without order an event that waits may be read back from disk, where the time stands by the wall clock.
        const bool by_wall_clock = rules_.ordering == ordering::none && wall_jumped_;
        ASSERT_TRUE(due == due_.end() || by_wall_clock || clock_.now().steady >= due->second)
            << "is sent before it is due";
        running_.push_back(todo.place);
        ASSERT_LE(running_.size(), rules_.health.max_concurrency);
        ASSERT_TRUE(in_flight_.insert(event.number).second) << event.number << " is sent twice at once";
    }

    // What the upstream says to an event depends on its number and on how often it was asked.
    std::optional<int> answer_to(sequence number) {
        const auto asked = asked_[number]++;
        switch (number % 11) {
            case 0:
                return asked < 3 ? std::optional<int>(503) : 200;
            case 1:
                return asked < 1 ? std::nullopt : std::optional<int>(200);
            case 2:
                return asked < 2 ? 401 : 202;
            case 3:
                return 400;
            case 4:
                return number % 3 == 0 ? 409 : 200;
            case 5:
                return number % 7 == 0 ? 500 : 200;  // for ever
            default:
                return 200;
        }
    }

    void end_one() {
        std::swap(running_[pick(running_.size())], running_.back());
        const slot place = running_.back();
        running_.pop_back();
        const sequence number = machine_->event(place).number;
        in_flight_.erase(number);
        const auto history = machine_->event(place).history.value_or(attempt_history{});
        const attempt_outcome outcome{answer_to(number), "why"};
        const bool at_fault = machine_->report(clock_.now()).state == "paused";
        auto& actions = machine_->resume(clock_.now(), attempt_ended{place, outcome});
        for (const auto& settled : testing::only<settle_event>(actions)) {
            if (settled.what.what == settlement::kind::failed) {
                const bool counted = !at_fault && judge(outcome.status, {}, {}) != verdict::pause;
                ASSERT_EQ(settled.what.history.attempts, history.attempts + (counted ? 1 : 0));
                due_[number] = clock_.now().steady + (settled.what.history.next_at - clock_.now().wall);
            } else {
                finished_.insert(number);
            }
        }
        for (action& next : actions)
            std::visit([this](auto& todo) { obey(todo); }, next);
    }

    void check_bounds() {
        const auto& window = machine_->window();
        ASSERT_LE(window.size(), rules_.window.events);
        for (std::uint64_t user = 0; user < users_; ++user)
            ASSERT_LE(window.lane_size("user " + std::to_string(user)), rules_.window.lane_events) << user;
        ASSERT_LE(window.bytes(), rules_.window.bytes + rules_.window.lane_fetches * largest_body);
    }

    // Whatever happens, the next run finds every event, and needs not look at many of them for it.
    void check_parkings() {
        const auto lost = store_.unfindable();
        ASSERT_FALSE(lost) << *lost << " is up to the mark, and not parked";
    }

    void check_fates() {
        ASSERT_EQ(store_.gone.size(), produced_) << "none is lost";
        for (const auto& [number, fate] : store_.gone) {
            const bool refused = number % 11 == 3;
            const bool hopeless = number % 11 == 5 && number % 7 == 0;
            ASSERT_EQ(fate.kind, refused || hopeless ? settlement::kind::dead : settlement::kind::delivered) << number;
            ASSERT_TRUE(!refused || fate.reason == death_reason::rejected) << number;
            if (!hopeless) continue;
            ASSERT_EQ(fate.reason, death_reason::expired) << number;
            ASSERT_GE(fate.history.attempts, 8u) << number;
        }
        ASSERT_EQ(machine_->window().lane_count(), 0u);
        ASSERT_EQ(machine_->window().bytes(), 0u);
        while (store_.has_calls())
            store_.commit(random_);
        ASSERT_TRUE(marks_ == 0 || store_.marked() > 0);
    }

    std::mt19937_64 random_;
    virtual_clock clock_;
    delivery_rules rules_;
    simulated_store store_;
    std::optional<delivery_machine> machine_;
    std::uint64_t users_ = 0;
    std::uint64_t to_produce_ = 0;
    std::uint64_t crashes_left_ = 0;
    sequence produced_ = 0;
    std::vector<slot> running_;
    std::set<sequence> in_flight_;
    std::size_t marks_ = 0;
    bool wall_jumped_ = false;
    std::set<sequence> finished_;  // as this run knows, committed or not
    std::map<sequence, steady_time> due_;
    std::map<sequence, int> asked_;
    std::optional<steady_time> wake_;
};

TEST(delivery_simulation, every_event_ends_and_no_promise_is_broken_on_the_way) {
    const char* const given = std::getenv("POSTHASTE_SEED");
    const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}() / 2;
    const std::uint64_t runs = given != nullptr ? 1 : 60;
    std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first),
                static_cast<unsigned long long>(first + runs - 1));
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        SCOPED_TRACE("POSTHASTE_SEED=" + std::to_string(seed));
        simulation one(seed);
        one.run();
        if (::testing::Test::HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace posthaste
