#include "daemon/server/metrics_handler.hpp"

#include <utility>

namespace posthaste {

metrics_handler::metrics_handler(metrics_source source, const queue_settings& queue, const accept_measures& accept)
    : source_(std::move(source)), max_bytes_(queue.max_bytes), accept_(accept) {}

void metrics_handler::handle(std::shared_ptr<exchange> request) {
    source_.store([this, waiting = std::move(request)](store_report store) mutable {
        source_.delivery([this, store = std::move(store), waiting = std::move(waiting)](
                             upstream_report upstream, delivery_measures delivery) mutable {
            answer(*waiting, {.store = std::move(store.measures),
                              .delivery = std::move(delivery),
                              .totals = store.status.totals,
                              .oldest_pending = store.status.oldest_pending,
                              .upstream = std::move(upstream)});
        });
    });
}

void metrics_handler::answer(exchange& request, metrics_facts facts) const {
    const configuration_state configuration = source_.configuration();
    facts.now = source_.now().wall;
    facts.accept = accept_;
    facts.max_bytes = max_bytes_;
    facts.configuration_is_fine = !configuration.last_reload || configuration.last_reload->problems.empty();
    facts.process = source_.process();
    request.answer(response{.status = 200, .content_type = exposition_type, .body = exposition(facts)});
}

}  // namespace posthaste
