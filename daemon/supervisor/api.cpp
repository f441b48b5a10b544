#include "daemon/supervisor/api.hpp"

#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/supervisor/chance.hpp"

namespace posthaste {

api::api(boost::asio::io_context& accept, const settings& frozen, store& outbox, delivery& upstream)
    : events_({.body_limit = frozen.limits.body, .now = read_clocks, .refusing = [this] { return refusing(); }}, outbox,
              frozen.events, accepted_),
      event_([&outbox](uuid id, auto reply) { outbox.find(id, std::move(reply)); }),
      list_([&outbox](list_request wanted, auto reply) { outbox.list(std::move(wanted), std::move(reply)); }),
      export_([&outbox](export_request wanted, auto reply) { outbox.export_slice(wanted, std::move(reply)); }),
      import_(
          accept, [&outbox](auto events, auto reply) { outbox.import(std::move(events), std::move(reply)); },
          [this] { return refusing(); }),
      status_(source(accept, outbox, upstream), frozen.queue, accepted_, read_clocks),
      ready_(source(accept, outbox, upstream)) {
    routes_.add("POST", "/run/event", events_);
    routes_.add("POST", "/{version}/run/event", events_);
    routes_.add("GET", "/v1/events", list_);
    routes_.add("GET", "/v1/events/{id}", event_);
    routes_.add("GET", "/v1/export", export_);
    routes_.add("POST", "/v1/import", import_);
    routes_.add("GET", "/v1/status", status_);
    routes_.add("GET", "/livez", live_);
    routes_.add("GET", "/readyz", ready_);
}

std::optional<refusal> api::refusing() const {
    return stopping_ ? std::optional(refusal::shutting_down) : std::nullopt;
}

status_source api::source(boost::asio::io_context& accept, store& outbox, delivery& upstream) {
    return {
        .store = [&outbox](auto reply) { outbox.status(std::move(reply)); },
        .upstream =
            [&accept, &upstream](std::function<void(upstream_report)> reply) {
                upstream.status([&accept, reply = std::move(reply)](upstream_report report) {
                    boost::asio::post(accept,
                                      [reply, report = std::move(report)]() mutable { reply(std::move(report)); });
                });
            },
        .stopping = [this] { return stopping_; },
    };
}

}  // namespace posthaste
