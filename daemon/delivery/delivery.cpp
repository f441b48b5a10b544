#include "daemon/delivery/delivery.hpp"

#include <utility>
#include <variant>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>

#include "daemon/delivery/delivery_log.hpp"
#include "daemon/upstream/pool.hpp"
#include "daemon/upstream/tls.hpp"
#include "lib/delivery/delivery_machine.hpp"
#include "lib/metrics/rate_window.hpp"

namespace posthaste {

namespace asio = boost::asio;

struct delivery::impl final : private attempt_listener {
    using timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                             asio::io_context::executor_type>;

    impl(asio::io_context& context, delivery_options given, store& outbox)
        : io(context),
          options(std::move(given)),
          events(outbox),
          machine(rules(options), options.random),
          pool(std::make_unique<upstream_pool>(context, options.upstream, static_cast<attempt_listener&>(*this))),
          wake(context.get_executor()),
          grace(context.get_executor()) {}

    [[nodiscard]] static delivery_rules rules(const delivery_options& options) {
        delivery_rules made;
        made.retry = options.retry;
        made.max_concurrency = options.upstream.max_concurrency;
        return made;
    }

    void happened(occurrence what) { happened(options.now(), std::move(what)); }

    void happened(instant now, occurrence what) {
        for (action& next : machine.resume(now, std::move(what)))
            std::visit([this](auto& todo) { obey(todo); }, next);
        if (stopped && machine.in_flight() == 0 && machine.unconfirmed() == 0) finish();
    }

    void obey(settle_event& todo) { events.settle(std::move(todo.what)); }
    void obey(report_death& todo) { log.died(todo); }
    void obey(park_events& todo) { events.park(std::move(todo.events)); }

    void obey(start_attempt& todo) {
        const pending_event& event = machine.event(todo.place);
        log.attempt_starts(event, todo.retries);
        pool->start({todo.place, &event, todo.retries}, todo.new_connection);
    }

    void obey(fetch_lane& todo) {
        events.fetch_lane(std::move(todo.what),
                          [this](lane_page read) { happened(lane_page_arrived{std::move(read)}); });
    }

    void obey(fetch_page& todo) {
        events.fetch(todo.what, [this](page read) { happened(page_arrived{std::move(read)}); });
    }

    void obey(wake_at& todo) {
        wake.expires_at(todo.when);
        wake.async_wait([this](const boost::system::error_code& replaced) {
            if (!replaced) happened(time_came{});
        });
    }

    void attempt_ended(std::uint32_t place, attempt_outcome outcome) override {
        const instant now = options.now();
        log.attempt_ended(machine.event(place), outcome);
        note(outcome, now);
        happened(now, posthaste::attempt_ended{place, std::move(outcome)});
    }

    void note(const attempt_outcome& outcome, instant now) {
        constexpr int conflict = 409;  // is about one event, and may even deliver it
        const verdict meaning = judge(outcome.status, 0);
        if (meaning == verdict::delivered) {
            delivered.add(now.steady);
            log.upstream_delivered();
            return;
        }
        last_error = attempt_error{now.wall, outcome.status, outcome.message};
        if (meaning != verdict::dead && outcome.status != conflict)
            log.upstream_failed(outcome, machine.window().size(), machine.more_on_disk(), now.steady);
    }

    void stop(milliseconds most, std::function<void()> done) {
        stopped = std::move(done);
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
        pool->close();
        for (const auto& old : retired)
            old->close();
        grace.cancel();
        wake.cancel();
        std::exchange(stopped, nullptr)();
    }

    void reconfigure(delivery_plan plan) {
        options.upstream = std::move(plan.upstream);
        retired.push_back(std::move(pool));  // what is in flight ends on it
        pool = std::make_unique<upstream_pool>(io, options.upstream, static_cast<attempt_listener&>(*this));
        (void)pool->open(options.upstream);
    }

    [[nodiscard]] upstream_report status() const {
        upstream_report now;
        now.concurrency = options.upstream.max_concurrency;
        now.in_flight = machine.in_flight();
        if (paused) {
            now.state = "paused";
            now.reason = "by-hand: somebody stopped the sending; \"posthaste resume\" lets it go on";
        }
        now.last_error = last_error;
        now.delivered_per_second = delivered.per_second(options.now().steady);
        return now;
    }

    asio::io_context& io;
    delivery_options options;
    store& events;
    delivery_machine machine;
    std::unique_ptr<upstream_pool> pool;
    std::vector<std::unique_ptr<upstream_pool>> retired;
    bool paused = false;
    timer wake;   // the next retry that is due
    timer grace;  // of a stop
    delivery_log log;
    rate_window delivered;
    std::optional<attempt_error> last_error;
    std::function<void()> stopped;  // set while stopping
};

delivery::delivery(asio::io_context& io, delivery_options options, store& outbox)
    : impl_(std::make_unique<impl>(io, std::move(options), outbox)) {}

delivery::~delivery() = default;

result<void, start_failure> delivery::open() {
    return impl_->pool->open(impl_->options.upstream);
}

void delivery::start() {
    impl_->happened(delivery_started{});
}

void delivery::stop(milliseconds grace, std::function<void()> done) {
    impl_->stop(grace, std::move(done));
}

void delivery::appended(std::vector<pending_event> events, sequence last) {
    impl_->happened(events_committed{std::move(events), last});
}

void delivery::settled(std::size_t count) {
    impl_->happened(settlements_confirmed{count});
}

result<delivery_plan, start_failure> delivery::prepare(const settings& all) {
    if (all.upstream.url.tls) {
        if (auto context = make_tls_context(all.upstream); !context) return context.error();
    }
    return delivery_plan{all.upstream, all.retry};
}

void delivery::reconfigure(delivery_plan plan) {
    asio::post(impl_->io, [this, plan = std::move(plan)]() mutable { impl_->reconfigure(std::move(plan)); });
}

void delivery::probe_now() {}

void delivery::pause(std::function<void()> reply) {
    asio::post(impl_->io, [this, reply = std::move(reply)] {
        impl_->paused = true;
        reply();
    });
}

void delivery::resume(std::function<void()> reply) {
    asio::post(impl_->io, [this, reply = std::move(reply)] {
        impl_->paused = false;
        reply();
    });
}

void delivery::status(std::function<void(upstream_report)> reply) {
    asio::post(impl_->io, [this, reply = std::move(reply)] { reply(impl_->status()); });
}

}  // namespace posthaste
