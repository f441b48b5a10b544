// One run of everything around the machine, in virtual time and from one seed: producers, a store that can crash, an
// upstream that goes through its phases, and a person who reloads, pauses and resumes. Whatever the machine does is
// held against what delivery promises.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/simulation/event_accounts.hpp"
#include "tests/simulation/promises.hpp"
#include "tests/simulation/scripted_upstream.hpp"
#include "tests/simulation/send_limits.hpp"
#include "tests/simulation/simulated_store.hpp"
#include "tests/simulation/turns.hpp"
#include "tests/simulation/upstream_model.hpp"
#include "tests/unit/delivery/support.hpp"

namespace posthaste::simulation {

constexpr std::uint64_t largest_body = 200;

[[nodiscard]] std::vector<settlement> settled_by(const std::vector<action>& actions);

class world {
  public:
    // `told`: what happens is written to stdout.
    world(std::uint64_t seed, bool told);

    // Runs until every event is through. Returns the promise that was broken, if one was.
    [[nodiscard]] std::optional<std::string> run();

  private:
    struct attempt {
        slot place = 0;
        sequence number = 0;
        std::uint64_t serial = 0;
        upstream_model::starting_point from{};
        std::string target;
        scripted_answer answer;
        steady_time ends;
    };

    // What is not yet delivery's: when it happens next.
    enum agenda { producing, next_phase, person, crash, agenda_size };

    std::uint64_t pick(std::uint64_t below) { return random_() % below; }
    [[nodiscard]] bool ends_soon() const { return produced_ >= to_produce_ && phases_left_ == 0; }
    [[nodiscard]] bool is_over() const;
    [[nodiscard]] bool is_quiet() const;
    [[nodiscard]] bool window_is_full() const;  // it is bounded
    [[nodiscard]] health_rules some_health_rules();
    [[nodiscard]] std::map<int, verdict> some_overrides();
    void say(const std::string& what) const;

    // world.cpp: what happens.
    void boot();
    void step();
    void pass_time();
    void do_next(agenda what);
    void produce();
    void enter_phase();
    void act_as_person();
    void reload();
    void go_down();
    void stop_in_order();
    void jump_the_wall_clock();
    void plan(agenda what, milliseconds at_most);

    // observe.cpp: what the machine does, and whether it may.
    void happened(occurrence what);
    void obey_all(std::vector<action>& actions);
    [[nodiscard]] attempt take_running(std::size_t which);
    void end(std::size_t which);
    void lose_connection(const attempt& under);
    void obey(settle_event& todo) { store_.settle(std::move(todo.what)); }
    void obey(report_death&) {}
    void obey(remember_upstream& todo);
    void obey(report_upstream&) {}
    void obey(report_withdrawal&) {}
    void discard_some();
    void hasten_one();
    [[nodiscard]] sequence some_pending();
    void obey(park_events& todo) { store_.park(std::move(todo.events)); }
    void obey(mark_parked& todo) { store_.mark_parked(todo.through); }
    void obey(unpark_events& todo) { store_.unpark(std::move(todo.events)); }
    void obey(fetch_parked_lanes& todo) { store_.fetch_parked_lanes(std::move(todo.what)); }
    void obey(fetch_lane& todo) { store_.fetch_lane(std::move(todo.what)); }
    void obey(fetch_page& todo) { store_.fetch(todo.what); }
    void obey(wake_at& todo) { wake_ = todo.when; }
    void obey(start_attempt& todo);
    void note_stops();
    void check_report();
    void check_window();
    void check_turns();
    void check_turns_of_probes(std::size_t user);
    void check_nothing_sleeps(steady_time until);
    void check_end();

    std::mt19937_64 random_;
    const bool told_;
    testing::virtual_clock clock_;
    delivery_rules rules_;
    std::size_t users_;
    sequence to_produce_;
    std::size_t phases_left_;
    std::size_t crashes_left_;
    bool wall_jumps_;

    testing::simulated_store store_;
    scripted_upstream upstream_;
    std::optional<delivery_machine> machine_;
    std::vector<attempt> running_;
    std::optional<steady_time> wake_;
    std::array<std::optional<steady_time>, agenda_size> agenda_{};
    bool stopping_ = false;
    sequence produced_ = 0;
    std::uint64_t targets_ = 0;

    promises kept_;
    upstream_model model_;
    std::uint64_t stops_seen_ = 0;
    bool unordered_ = false;  // now or before
    send_limits limits_;
    event_accounts accounts_;
    turns turns_;
    std::vector<std::size_t> passed_over_;  // by user: probes of others in a row while its head was due
    upstream_memory told_upstream_;         // what is remembered, written or not
};

}  // namespace posthaste::simulation
