#include "daemon/delivery/delivery.hpp"

#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>

#include "daemon/delivery/delivery_log.hpp"
#include "daemon/delivery/delivery_metrics.hpp"
#include "daemon/upstream/pool.hpp"
#include "daemon/upstream/user_lookups.hpp"
#include "lib/config/target.hpp"
#include "lib/delivery/delivery_machine.hpp"
#include "lib/metrics/delivery_meter.hpp"
#include "lib/metrics/rate_window.hpp"

namespace posthaste {

namespace asio = boost::asio;

namespace {

delivery_rules rules_of(const delivery_plan& plan) {
    return {.ordering = plan.rules.ordering,
            .retry = plan.rules.retry,
            .health = {.max_concurrency = plan.upstream.max_concurrency,
                       .rate_limit = plan.upstream.rate_limit,
                       .reject_guard = plan.rules.reject_guard},
            .statuses = plan.rules.statuses,
            .target = target_of(plan.upstream),
            .window = {}};
}

}  // namespace

struct delivery::impl final : private attempt_listener {
    using timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                             asio::io_context::executor_type>;

    impl(asio::io_context& context, delivery_options given, store& outbox)
        : io(context),
          options(std::move(given)),
          events(outbox),
          machine(rules_of(options.plan), options.random),
          pool(context, options.now, *this),
          lookups(context, options.now, [this] { return is_up(); }),
          watch(options.tell_watcher),
          wake(context.get_executor()),
          grace(context.get_executor()),
          minute(context.get_executor()) {
        meter.use(options.events);
    }

    void happened(occurrence what) { happened(options.now(), std::move(what)); }

    void happened(instant now, occurrence what) {
        moment = now.steady;
        for (action& next : machine.resume(now, std::move(what)))
            std::visit([this](auto& todo) { obey(todo); }, next);
        if (stopped && machine.in_flight() == 0 && machine.unconfirmed() == 0) finish();
    }

    void obey(settle_event& todo) {
        const bool watched = watch.wants(todo.what.number);
        const settlement told = watched ? todo.what : settlement{};
        log.settled(todo.what);
        events.settle(std::move(todo.what));
        if (watched) watch.settled(told, answer);  // after the store was told: whoever hears may ask for the event
    }
    void obey(report_death& todo) {
        log.died(todo);
        meter.died(todo.event_name, todo.reason);
    }
    void obey(park_events& todo) { events.park(std::move(todo.events)); }

    void obey(const mark_parked& todo) { events.mark_parked(todo.through); }
    void obey(unpark_events& todo) { events.unpark(std::move(todo.events)); }

    void obey(start_attempt& todo) {
        const pending_event& event = machine.event(todo.place);
        log.attempt_starts(event, todo.retries);
        meter.started(todo.place, event, moment);
        pool.start(
            {.place = todo.place, .event = &event, .retries = todo.retries, .keeps_answer = watch.wants(event.number)},
            todo.new_connection);
    }

    void obey(fetch_lane& todo) {
        events.fetch_lane(std::move(todo.what),
                          [this](lane_page read) { happened(lane_page_arrived{std::move(read)}); });
    }

    void obey(fetch_page& todo) {
        events.fetch(todo.what, [this](page read) { happened(page_arrived{std::move(read)}); });
    }

    void obey(fetch_parked_lanes& todo) {
        events.fetch_parked_lanes(std::move(todo.what),
                                  [this](parked_lanes found) { happened(parked_lanes_arrived{std::move(found)}); });
    }

    void obey(wake_at& todo) {
        wake.expires_at(todo.when);
        wake.async_wait([this](const boost::system::error_code& replaced) {
            if (!replaced) happened(time_came{});
        });
    }

    void obey(remember_upstream& todo) {
        events.remember(std::move(todo.what), [waiting = std::exchange(asked, {})](bool durable) {
            for (const auto& reply : waiting)
                reply(durable);
        });
    }

    void obey(report_upstream& todo) {
        if (todo.now.state != "up") watch.upstream_down();
        log.upstream_changed(todo.now, backlog(), options.now().steady);
        await_minute();
    }

    void obey(const report_withdrawal& todo) { std::exchange(withdrawal, nullptr)(todo.in_flight); }

    void withdraw(std::vector<sequence> numbers, std::function<void(std::size_t)> reply) {
        withdrawal = std::move(reply);
        happened(withdrawal_asked{std::move(numbers)});
    }

    // A person's word: answered once it is remembered, or cannot be.
    void ask(occurrence what, std::function<void(bool)> reply) {
        asked.push_back(std::move(reply));
        happened(std::move(what));
    }

    // Nothing was fetched yet, and a pause that goes on is told all the same with what waits.
    void start(upstream_memory left, std::size_t pending) {
        found_pending = pending;
        happened(delivery_started{std::move(left)});
        found_pending.reset();
    }

    [[nodiscard]] posthaste::backlog backlog() const {
        if (found_pending) return {*found_pending, false};
        const bool more = machine.more_on_disk() || machine.window().any_parked();
        return {machine.window().size(), more};
    }

    void attempt_ended(std::uint32_t place, attempt_outcome outcome) override {
        const instant now = options.now();
        log.attempt_ended(machine.event(place), outcome);
        const auto measured = meter.ended(place, machine.event(place), outcome.status, now);
        answer = std::exchange(outcome.answer, {});
        const attempt_outcome kept = outcome;
        happened(now, posthaste::attempt_ended{place, std::move(outcome)});
        log.attempt_judged();
        meter.judged(measured, machine.concluded());
        answer.reset();
        note(kept, now);
        if (machine.report(now).state != "up") return;
        if (machine.upstream_failed()) log.attempt_failed(kept, backlog(), now.steady);
        if (machine.concluded() == verdict::delivered && !machine.was_of_old_target()) log.upstream_delivered();
        await_minute();
    }

    void attempt_unsent(std::uint32_t place) override {
        log.attempt_unsent(machine.event(place));
        meter.unsent(place);
        happened(posthaste::attempt_unsent{place});
    }

    // Trouble that the log held back is told when its minute is over.
    void await_minute() {
        const auto due = log.due();
        if (!due || awaits_minute) return;
        if (finished) return tell_held_back(*due);
        awaits_minute = true;
        minute.expires_at(*due);
        minute.async_wait([this](const boost::system::error_code& cancelled) {
            awaits_minute = false;
            if (cancelled) return;
            tell_held_back(options.now().steady);
            await_minute();
        });
    }

    void tell_held_back(steady_time by) { log.tell_held_back(machine.report(options.now()), backlog(), by); }

    // Of the attempt that the machine has judged last.
    void note(const attempt_outcome& outcome, instant now) {
        if (machine.concluded() == verdict::delivered)
            delivered.add(now.steady);
        else if (!machine.was_of_old_target())
            last_error = attempt_error{now.wall, outcome.status, outcome.message};
    }

    void reconfigure(delivery_plan plan) {
        options.plan = std::move(plan);
        pool.use(options.plan.peer);
        lookups.use(options.plan.peer);
        happened(rules_changed{rules_of(options.plan)});
    }

    void stop(milliseconds most, std::function<void()> done) {
        stopped = std::move(done);
        lookups.close();
        wake.cancel();
        grace.expires_after(most);
        grace.async_wait([this](const boost::system::error_code& cancelled) {
            if (cancelled || !stopped) return;
            log.gave_up(machine.in_flight());
            finish();
        });
        happened(delivery_stopping{});
    }

    void finish() {
        pool.close();
        grace.cancel();
        wake.cancel();
        finished = true;
        minute.cancel();
        while (const auto due = log.due())
            tell_held_back(*due);
        std::exchange(stopped, nullptr)();
    }

    [[nodiscard]] upstream_report status() const {
        const instant now = options.now();
        upstream_report report = machine.report(now);
        report.last_error = last_error;
        report.delivered_per_second = delivered.per_second(now.steady);
        return report;
    }

    [[nodiscard]] delivery_metrics measured() const {
        delivery_metrics all{status(), meter.measures()};
        all.measures.connections = pool.connections() + lookups.connections();
        return all;
    }

    void committed(std::vector<pending_event> those, sequence last) {
        watch.committed(those, is_up());
        happened(events_committed{std::move(those), last});
    }

    [[nodiscard]] bool is_up() const { return machine.report(options.now()).state == "up"; }

    void look_up(user_lookup what, std::function<void(lookup_outcome)> reply) {
        if (stopped || finished || !is_up()) return reply({});
        lookups.ask(std::move(what), std::move(reply));
    }

    asio::io_context& io;
    delivery_options options;
    store& events;
    delivery_machine machine;
    upstream_pool pool;
    user_lookups lookups;
    settlement_watch watch;
    std::optional<upstream_answer> answer;  // of the attempt that is being judged, where it was kept
    timer wake;                             // the next retry that is due
    timer grace;                            // of a stop
    timer minute;                           // the one in which the log holds repeated trouble back
    bool awaits_minute = false;
    delivery_log log;
    std::optional<std::size_t> found_pending;  // pending events, at the start
    rate_window delivered;
    delivery_meter meter;
    steady_time moment;  // of what is being obeyed
    std::optional<attempt_error> last_error;
    std::vector<std::function<void(bool)>> asked;  // replies to pause and resume, until they are remembered
    std::function<void(std::size_t)> withdrawal;   // the reply to the one that is being made
    std::function<void()> stopped;                 // set while stopping
    bool finished = false;
};

delivery::delivery(asio::io_context& io, delivery_options options, store& outbox)
    : impl_(std::make_unique<impl>(io, std::move(options), outbox)) {}

delivery::~delivery() = default;

result<void, start_failure> delivery::open() {
    auto peer = prepare_upstream(impl_->options.plan.upstream);
    if (!peer) return peer.error();
    impl_->options.plan.peer = *peer;
    impl_->pool.use(*peer);
    impl_->lookups.use(*std::move(peer));
    return {};
}

void delivery::start(upstream_memory left, std::size_t pending) {
    impl_->start(std::move(left), pending);
}

void delivery::stop(milliseconds grace, std::function<void()> done) {
    impl_->stop(grace, std::move(done));
}

void delivery::appended(std::vector<pending_event> events, sequence last) {
    impl_->committed(std::move(events), last);
}

void delivery::settled(std::size_t count) {
    impl_->happened(settlements_confirmed{count});
}

void delivery::stuck() {
    impl_->happened(settlements_stuck{});
}

result<delivery_plan, start_failure> delivery::prepare(const settings& all) {
    auto peer = prepare_upstream(all.upstream);
    if (!peer) return peer.error();
    return delivery_plan{all.upstream, all.delivery, *std::move(peer)};
}

void delivery::reconfigure(delivery_plan plan) {
    asio::post(impl_->io, [this, plan = std::move(plan)]() mutable { impl_->reconfigure(std::move(plan)); });
}

void delivery::probe_now() {
    asio::post(impl_->io, [this] { impl_->happened(probe_asked{}); });
}

void delivery::pause(std::function<void(bool)> reply) {
    asio::post(impl_->io, [this, reply = std::move(reply)]() mutable { impl_->ask(pause_asked{}, std::move(reply)); });
}

void delivery::resume(std::function<void(bool)> reply) {
    asio::post(impl_->io, [this, reply = std::move(reply)]() mutable { impl_->ask(resume_asked{}, std::move(reply)); });
}

void delivery::status(std::function<void(upstream_report)> reply) {
    asio::post(impl_->io, [this, reply = std::move(reply)] { reply(impl_->status()); });
}

void delivery::history(std::function<void(const rate_history&)> reply) {
    asio::post(impl_->io, [this, reply = std::move(reply)] { reply(impl_->delivered.history()); });
}

void delivery::retry(sequence number, std::function<void()> reply) {
    asio::post(impl_->io, [this, number, reply = std::move(reply)] {
        impl_->happened(retry_asked{number});
        reply();
    });
}

void delivery::withdraw(std::vector<sequence> numbers, std::function<void(std::size_t)> reply) {
    asio::post(impl_->io, [this, numbers = std::move(numbers), reply = std::move(reply)]() mutable {
        impl_->withdraw(std::move(numbers), std::move(reply));
    });
}

void delivery::measure(std::function<void(delivery_metrics)> reply) {
    asio::post(impl_->io, [this, reply = std::move(reply)] { reply(impl_->measured()); });
}

void delivery::name_events(event_names events) {
    asio::post(impl_->io, [this, events = std::move(events)]() mutable { impl_->meter.use(std::move(events)); });
}

void delivery::forget_watch(std::uint64_t watch) {
    asio::post(impl_->io, [this, watch] { impl_->watch.forget(watch); });
}

void delivery::look_up(user_lookup what, std::function<void(lookup_outcome)> reply) {
    asio::post(impl_->io, [this, what = std::move(what), reply = std::move(reply)]() mutable {
        impl_->look_up(std::move(what), std::move(reply));
    });
}

}  // namespace posthaste
