#include "daemon/supervisor/api_sources.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/delivery/delivery_metrics.hpp"
#include "daemon/supervisor/chance.hpp"
#include "daemon/supervisor/process_facts.hpp"

namespace posthaste {

// The store replies there by itself; delivery replies on its own thread.
template <class... Answer>
std::function<void(Answer...)> api_sources::on_accept(std::function<void(Answer...)> reply) {
    return [&accept = accept_, reply = std::move(reply)](Answer... answer) {
        boost::asio::post(accept, [reply, ... answer = std::move(answer)]() mutable { reply(std::move(answer)...); });
    };
}

event_finder api_sources::finder() {
    return [this](uuid id, auto reply) { store_.find(id, std::move(reply)); };
}

event_lister api_sources::lister() {
    return [this](list_request wanted, auto reply) { store_.list(std::move(wanted), std::move(reply)); };
}

event_exporter api_sources::exporter() {
    return [this](export_request wanted, auto reply) { store_.export_slice(wanted, std::move(reply)); };
}

event_importer api_sources::importer() {
    return [this](auto events, auto reply) { store_.import(std::move(events), std::move(reply)); };
}

event_hastener api_sources::hastener() {
    return [this](sequence number, auto reply) { delivery_.retry(number, on_accept(std::move(reply))); };
}

by_hand_source api_sources::by_hand(std::function<std::optional<refusal>()> refusing) {
    return {
        .select = [this](selection_request wanted, auto reply) { store_.select(std::move(wanted), std::move(reply)); },
        .dead = [this](dead_request asked, auto reply) { store_.by_hand(std::move(asked), std::move(reply)); },
        .withdraw = [this](auto numbers,
                           auto reply) { delivery_.withdraw(std::move(numbers), on_accept(std::move(reply))); },
        .refusing = std::move(refusing),
        .now = read_clocks,
    };
}

std::function<void(bool)> api_sources::turned(std::function<void(std::optional<upstream_report>)> reply) {
    return [this, told = on_accept(std::move(reply))](bool durable) {
        if (durable)
            delivery_.status(told);
        else
            told(std::nullopt);
    };
}

upstream_switch api_sources::pause() {
    return [this](auto reply) { delivery_.pause(turned(std::move(reply))); };
}

upstream_switch api_sources::resume() {
    return [this](auto reply) { delivery_.resume(turned(std::move(reply))); };
}

delivered_source api_sources::delivered() {
    return [this](auto reply) { delivery_.history(on_accept(std::move(reply))); };
}

user_source api_sources::users() {
    return {
        .kept = [this](const identity_key& key, auto reply) { store_.find_identity(key, std::move(reply)); },
        .change = [this](identity_change what) { store_.change_identity(std::move(what)); },
        .ask = [this](user_lookup what,
                      auto reply) { delivery_.look_up(std::move(what), on_accept(std::move(reply))); },
    };
}

metrics_source api_sources::metrics(std::function<configuration_state()> configuration) {
    return {
        .store = [this](auto reply) { store_.measure(std::move(reply)); },
        .delivery =
            [this](auto reply) {
                delivery_.measure([reply = on_accept(std::move(reply))](delivery_metrics all) {
                    reply(std::move(all.upstream), std::move(all.measures));
                });
            },
        .configuration = std::move(configuration),
        .process = read_process_facts,
        .now = read_clocks,
    };
}

status_source api_sources::status(std::function<configuration_state()> configuration, std::function<bool()> stopping) {
    return {
        .store = [this](auto reply) { store_.status(std::move(reply)); },
        .upstream = [this](auto reply) { delivery_.status(on_accept(std::move(reply))); },
        .stopping = std::move(stopping),
        .configuration = std::move(configuration),
    };
}

}  // namespace posthaste
