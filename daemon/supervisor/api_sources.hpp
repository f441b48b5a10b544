// What the handlers ask of the store and of delivery. Each answer comes later, on the accept thread, which owns it.
//
// Belongs to the accept thread, and outlives everything that it gave.

#pragma once

#include <functional>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "daemon/delivery/delivery.hpp"
#include "daemon/server/by_hand_handler.hpp"
#include "daemon/server/metrics_handler.hpp"
#include "daemon/server/status_source.hpp"
#include "daemon/server/stream_handler.hpp"
#include "daemon/server/users_handler.hpp"
#include "daemon/store/store.hpp"

namespace posthaste {

class api_sources {
  public:
    // The arguments must outlive this.
    api_sources(boost::asio::io_context& accept, store& store, delivery& delivery)
        : accept_(accept), store_(store), delivery_(delivery) {}

    api_sources(const api_sources&) = delete;
    api_sources& operator=(const api_sources&) = delete;

    [[nodiscard]] event_finder finder();
    [[nodiscard]] event_lister lister();
    [[nodiscard]] event_exporter exporter();
    [[nodiscard]] event_importer importer();
    [[nodiscard]] event_hastener hastener();
    [[nodiscard]] by_hand_source by_hand(std::function<std::optional<refusal>()> refusing);
    [[nodiscard]] upstream_switch pause();
    [[nodiscard]] upstream_switch resume();
    [[nodiscard]] delivered_source delivered();
    [[nodiscard]] user_source users();
    [[nodiscard]] metrics_source metrics(std::function<configuration_state()> configuration);
    [[nodiscard]] status_source status(std::function<configuration_state()> configuration,
                                       std::function<bool()> stopping);

  private:
    template <class... Answer>
    [[nodiscard]] std::function<void(Answer...)> on_accept(std::function<void(Answer...)> reply);
    // Tells whoever turned a switch, with the upstream as it is then.
    [[nodiscard]] std::function<void(bool)> turned(std::function<void(std::optional<upstream_report>)> reply);

    boost::asio::io_context& accept_;
    store& store_;
    delivery& delivery_;
};

}  // namespace posthaste
