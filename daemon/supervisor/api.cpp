#include "daemon/supervisor/api.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "daemon/delivery/delivery_metrics.hpp"
#include "daemon/supervisor/chance.hpp"
#include "daemon/supervisor/process_facts.hpp"
#include "lib/config/target.hpp"

namespace posthaste {

namespace {

// The settings live as long as their catalog is used.
std::shared_ptr<const event_catalog> catalog_of(const std::shared_ptr<const settings>& frozen) {
    return {frozen, &frozen->events};
}

// The others are for those who do not wait.
std::size_t most_waits(const settings& frozen) {
    return frozen.limits.connections / 2;
}

std::size_t most_lookups(const settings& frozen) {
    return std::max<std::size_t>(frozen.limits.connections / 4, 1);
}

user_source users_of(boost::asio::io_context& accept, store& outbox, delivery& upstream) {
    return {
        .kept = [&outbox](const identity_key& key, auto reply) { outbox.find_identity(key, std::move(reply)); },
        .change = [&outbox](identity_change what) { outbox.change_identity(std::move(what)); },
        .ask =
            [&accept, &upstream](user_lookup what, std::function<void(lookup_outcome)> reply) {
                upstream.look_up(std::move(what), [&accept, reply = std::move(reply)](lookup_outcome outcome) {
                    boost::asio::post(accept,
                                      [reply, outcome = std::move(outcome)]() mutable { reply(std::move(outcome)); });
                });
            },
    };
}

metrics_source measured(boost::asio::io_context& accept, store& outbox, delivery& upstream,
                        std::function<configuration_state()> configuration) {
    return {
        .store = [&outbox](auto reply) { outbox.measure(std::move(reply)); },
        .delivery =
            [&accept, &upstream](auto reply) {
                upstream.measure([&accept, reply = std::move(reply)](delivery_metrics all) {
                    boost::asio::post(accept, [reply, all = std::move(all)]() mutable {
                        reply(std::move(all.upstream), std::move(all.measures));
                    });
                });
            },
        .configuration = std::move(configuration),
        .process = read_process_facts,
        .now = read_clocks,
    };
}

// On the accept thread, which owns the reply.
std::function<void(upstream_report)> on_accept(boost::asio::io_context& accept,
                                               std::function<void(upstream_report)> reply) {
    return [&accept, reply = std::move(reply)](upstream_report report) {
        boost::asio::post(accept, [reply, report = std::move(report)]() mutable { reply(std::move(report)); });
    };
}

}  // namespace

api::api(boost::asio::io_context& accept, const std::shared_ptr<const settings>& frozen, store& outbox,
         delivery& upstream, std::function<configuration_state()> configuration)
    : source_(source_of(accept, outbox, upstream, std::move(configuration))),
      waits_(accept, {.most = most_waits(*frozen),
                      .find = [&outbox](uuid id, auto reply) { outbox.find(id, std::move(reply)); },
                      .leave = [&upstream](std::uint64_t watch) { upstream.forget_watch(watch); }}),
      minute_(accept),
      events_({.body_limit = frozen->limits.body,
               .now = read_clocks,
               .refusing = [this] { return refusing(); },
               .mismatched = [this](const envelope& what) { warn_of(what); },
               .durations = &measures_.durations},
              outbox, catalog_of(frozen), accepted_, &waits_),
      batch_(accept,
             {.body_limit = frozen->limits.batch_body,
              .event_limit = frozen->limits.body,
              .most_events = frozen->limits.batch_events,
              .now = read_clocks,
              .refusing = [this] { return refusing(); },
              .mismatched = [this](const envelope& what) { warn_of(what); },
              .durations = &measures_.durations},
             outbox, catalog_of(frozen), accepted_),
      users_(users_of(accept, outbox, upstream), target_of(frozen->upstream), frozen->identify.max_age,
             most_lookups(*frozen), read_clocks),
      event_([&outbox](uuid id, auto reply) { outbox.find(id, std::move(reply)); }),
      retry_event_([&outbox](uuid id, auto reply) { outbox.find(id, std::move(reply)); },
                   [&accept, &upstream](sequence number, std::function<void()> reply) {
                       upstream.retry(number,
                                      [&accept, reply = std::move(reply)] { boost::asio::post(accept, reply); });
                   },
                   by_hand(accept, outbox, upstream)),
      discard_event_([&outbox](uuid id, auto reply) { outbox.find(id, std::move(reply)); },
                     by_hand(accept, outbox, upstream)),
      retry_(by_hand_handler::task::retry, by_hand(accept, outbox, upstream)),
      discard_(by_hand_handler::task::discard, by_hand(accept, outbox, upstream)),
      list_([&outbox](list_request wanted, auto reply) { outbox.list(std::move(wanted), std::move(reply)); }),
      export_([&outbox](export_request wanted, auto reply) { outbox.export_slice(wanted, std::move(reply)); }),
      import_(
          accept, [&outbox](auto events, auto reply) { outbox.import(std::move(events), std::move(reply)); },
          [this] { return refusing(); }),
      pause_(
          [&accept, &upstream](auto reply) {
              upstream.pause([&upstream, reply = on_accept(accept, std::move(reply))] { upstream.status(reply); });
          },
          [this] { return refusing(); }),
      resume_(
          [&accept, &upstream](auto reply) {
              upstream.resume([&upstream, reply = on_accept(accept, std::move(reply))] { upstream.status(reply); });
          },
          [this] { return refusing(); }),
      status_(source_, frozen->queue, accepted_, read_clocks),
      stream_(
          accept, status_, accepted_,
          [&accept, &upstream](std::function<void(rate_history)> reply) {
              upstream.history([&accept, reply = std::move(reply)](const rate_history& delivered) {
                  boost::asio::post(accept, [reply, delivered] { reply(delivered); });
              });
          },
          read_clocks, frozen->listen.tokens),
      metrics_(measured(accept, outbox, upstream, source_.configuration), frozen->queue, measures_),
      ready_(source_) {
    using enum access_scope;
    routes_.add("POST", "/run/event", app, events_);
    routes_.add("POST", "/{version}/run/event", app, events_);
    routes_.add("POST", "/run/events", app, batch_);
    routes_.add("POST", "/{version}/run/events", app, batch_);
    routes_.add("GET", "/users/{username}", app, users_);
    routes_.add("GET", "/{version}/users/{username}", app, users_);
    routes_.add("GET", "/v1/events", operators, list_);
    routes_.add("GET", "/v1/events/{id}", app, event_);
    routes_.add("DELETE", "/v1/events/{id}", operators, discard_event_);
    routes_.add("POST", "/v1/events/{id}/retry", operators, retry_event_);
    routes_.add("POST", "/v1/retry", operators, retry_);
    routes_.add("POST", "/v1/discard", operators, discard_);
    routes_.add("GET", "/v1/export", operators, export_);
    routes_.add("POST", "/v1/import", operators, import_);
    routes_.add("POST", "/v1/pause", operators, pause_);
    routes_.add("POST", "/v1/resume", operators, resume_);
    routes_.add("GET", "/v1/status", operators, status_);
    routes_.add("GET", "/metrics", operators, metrics_);
    routes_.add("GET", "/v1/stream", operators, stream_);
    routes_.add("GET", "/livez", anyone, live_);
    routes_.add("GET", "/readyz", anyone, ready_);
    routes_.add("GET", "/openapi.json", anyone, openapi_);
    routes_.add("GET", "/", anyone, dashboard_);
    routes_.add("GET", "/dashboard/{file}", anyone, dashboard_);
}

void api::reconfigure(const std::shared_ptr<const settings>& frozen) {
    events_.reconfigure(frozen->limits.body, catalog_of(frozen));
    batch_.reconfigure(frozen->limits, catalog_of(frozen));
    waits_.reconfigure(most_waits(*frozen));
    users_.reconfigure(target_of(frozen->upstream), frozen->identify.max_age, most_lookups(*frozen));
    status_.reconfigure(frozen->queue);
    stream_.reconfigure(frozen->listen.tokens);
    metrics_.reconfigure(frozen->queue);
    tell_all_held_back();
    warnings_ = {};
}

void api::warn_of(const envelope& mismatched) {
    if (const auto line = warnings_.note(mismatched, read_clocks().steady)) spdlog::warn("{}", *line);
    await_minute();
}

// What the log held back is told when its minute is over.
void api::await_minute() {
    if (awaits_minute_) return;
    const auto due = warnings_.due();
    if (!due) return;
    if (stopping_) return tell_held_back(*due);
    awaits_minute_ = true;
    minute_.expires_at(*due);
    minute_.async_wait([this](const boost::system::error_code& cancelled) {
        awaits_minute_ = false;
        if (!cancelled) tell_held_back(read_clocks().steady);
        await_minute();
    });
}

void api::tell_held_back(steady_time by) {
    for (const std::string& line : warnings_.held_back(by))
        spdlog::warn("{}", line);
}

void api::tell_all_held_back() {
    minute_.cancel();
    while (const auto due = warnings_.due())
        tell_held_back(*due);
}

void api::stop() {
    stopping_ = true;
    tell_all_held_back();
    waits_.stop();
    stream_.stop();
}

std::optional<refusal> api::refusing() const {
    return stopping_ ? std::optional(refusal::shutting_down) : std::nullopt;
}

by_hand_source api::by_hand(boost::asio::io_context& accept, store& outbox, delivery& upstream) {
    return {
        .select = [&outbox](selection_request wanted,
                            auto reply) { outbox.select(std::move(wanted), std::move(reply)); },
        .dead = [&outbox](dead_request asked, auto reply) { outbox.by_hand(std::move(asked), std::move(reply)); },
        .withdraw =
            [&accept, &upstream](std::vector<sequence> numbers, std::function<void(std::size_t)> reply) {
                upstream.withdraw(std::move(numbers), [&accept, reply = std::move(reply)](std::size_t in_flight) {
                    boost::asio::post(accept, [reply, in_flight] { reply(in_flight); });
                });
            },
        .refusing = [this] { return refusing(); },
        .now = read_clocks,
    };
}

status_source api::source_of(boost::asio::io_context& accept, store& outbox, delivery& upstream,
                             std::function<configuration_state()> configuration) {
    return {
        .store = [&outbox](auto reply) { outbox.status(std::move(reply)); },
        .upstream =
            [&accept, &upstream](std::function<void(upstream_report)> reply) {
                upstream.status(on_accept(accept, std::move(reply)));
            },
        .stopping = [this] { return stopping_; },
        .configuration = std::move(configuration),
    };
}

}  // namespace posthaste
