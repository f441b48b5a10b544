#include "daemon/supervisor/api.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/supervisor/chance.hpp"
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

batch_limits limits_of(const limit_settings& limits) {
    return {.body = limits.batch_body, .event = limits.body, .events = limits.batch_events};
}

}  // namespace

api::api(boost::asio::io_context& accept, const std::shared_ptr<const settings>& frozen, store& store,
         delivery& delivery, std::function<configuration_state()> configuration)
    : sources_(accept, store, delivery),
      source_(sources_.status(std::move(configuration), [this] { return stopping_; })),
      waits_(accept, {.most = most_waits(*frozen),
                      .find = sources_.finder(),
                      .leave = [&delivery](std::uint64_t watch) { delivery.forget_watch(watch); }}),
      minute_(accept),
      post_event_(frozen->limits.body, accepting(), store, catalog_of(frozen), accepted_, &waits_),
      batch_(accept, limits_of(frozen->limits), accepting(), store, catalog_of(frozen), accepted_),
      users_(sources_.users(), target_of(frozen->upstream), frozen->identify.max_age, most_lookups(*frozen),
             read_clocks),
      show_event_(sources_.finder()),
      retry_event_(sources_.finder(), sources_.hastener(), sources_.by_hand(refusing())),
      discard_event_(sources_.finder(), sources_.by_hand(refusing())),
      retry_(by_hand_handler::task::retry, sources_.by_hand(refusing())),
      discard_(by_hand_handler::task::discard, sources_.by_hand(refusing())),
      list_events_(sources_.lister()),
      export_(sources_.exporter()),
      import_(accept, frozen->limits.body, sources_.importer(), refusing()),
      pause_(sources_.pause(), refusing()),
      resume_(sources_.resume(), refusing()),
      status_(source_, frozen->queue, accepted_, read_clocks),
      stream_(accept, status_, accepted_, sources_.delivered(), read_clocks, frozen->listen.tokens),
      metrics_(sources_.metrics(source_.configuration), frozen->queue, measures_),
      ready_(source_) {
    add_routes();
}

void api::add_routes() {
    using enum access_scope;
    routes_.add("POST", "/run/event", app, post_event_);
    routes_.add("POST", "/{version}/run/event", app, post_event_);
    routes_.add("POST", "/run/events", app, batch_);
    routes_.add("POST", "/{version}/run/events", app, batch_);
    routes_.add("GET", "/users/{username}", app, users_);
    routes_.add("GET", "/{version}/users/{username}", app, users_);
    routes_.add("GET", "/v1/events", operators, list_events_);
    routes_.add("GET", "/v1/events/{id}", app, show_event_);
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
    post_event_.reconfigure(frozen->limits.body, catalog_of(frozen));
    batch_.reconfigure(limits_of(frozen->limits), catalog_of(frozen));
    import_.reconfigure(frozen->limits.body);
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

acceptance api::accepting() {
    return {.now = read_clocks,
            .refusing = refusing(),
            .mismatched = [this](const envelope& what) { warn_of(what); },
            .durations = &measures_.durations};
}

std::function<std::optional<refusal>()> api::refusing() const {
    return [this] { return stopping_ ? std::optional(refusal::shutting_down) : std::nullopt; };
}

}  // namespace posthaste
