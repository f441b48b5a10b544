// The resources of the HTTP API and their routes, tied to the store and to delivery.
//
// Belongs to the accept thread.

#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/dashboard/dashboard.hpp"
#include "daemon/delivery/delivery.hpp"
#include "daemon/server/batch_handler.hpp"
#include "daemon/server/by_hand_handler.hpp"
#include "daemon/server/delivery_waits.hpp"
#include "daemon/server/export_handler.hpp"
#include "daemon/server/health_handler.hpp"
#include "daemon/server/import_handler.hpp"
#include "daemon/server/list_events_handler.hpp"
#include "daemon/server/metrics_handler.hpp"
#include "daemon/server/openapi_handler.hpp"
#include "daemon/server/post_event_handler.hpp"
#include "daemon/server/routes.hpp"
#include "daemon/server/show_event_handler.hpp"
#include "daemon/server/single_event_handlers.hpp"
#include "daemon/server/status_handler.hpp"
#include "daemon/server/stream_handler.hpp"
#include "daemon/server/switch_handler.hpp"
#include "daemon/server/users_handler.hpp"
#include "daemon/store/store.hpp"
#include "daemon/supervisor/api_sources.hpp"
#include "lib/config/settings.hpp"
#include "lib/event/schema_warnings.hpp"
#include "lib/metrics/rate_window.hpp"

namespace posthaste {

class api {
  public:
    // All arguments but the settings must outlive this. `configuration` is asked for each status.
    api(boost::asio::io_context& accept, const std::shared_ptr<const settings>& frozen, store& store,
        delivery& delivery, std::function<configuration_state()> configuration);

    api(const api&) = delete;
    api& operator=(const api&) = delete;

    [[nodiscard]] router& routes() noexcept { return routes_; }

    // Takes what it holds of other settings; what does not fit its schema is told anew.
    void reconfigure(const std::shared_ptr<const settings>& frozen);

    // A request was refused.
    void refused(const request_head& head, const problem& why) { count_refusal(measures_, head, why); }

    // What became of an event that a request waits for.
    void settled(watched_end how) { waits_.ended(std::move(how)); }

    // What /v1/status is made of; for as long as this lives.
    [[nodiscard]] const status_source& source() const noexcept { return source_; }

    // From now on no event is taken and the daemon is not ready; what was read before is still answered.
    void stop();

  private:
    // What handlers ask before they read a body.
    [[nodiscard]] std::function<std::optional<refusal>()> refusing() const;
    [[nodiscard]] acceptance accepting();
    void add_routes();
    void warn_of(const envelope& mismatched);
    void await_minute();
    void tell_held_back(steady_time by);
    void tell_all_held_back();

    bool stopping_ = false;
    api_sources sources_;
    status_source source_;
    rate_window accepted_;
    accept_measures measures_;
    delivery_waits waits_;
    schema_warnings warnings_;
    boost::asio::steady_timer minute_;  // the one in which the log holds warnings back
    bool awaits_minute_ = false;
    post_event_handler post_event_;
    batch_handler batch_;
    users_handler users_;
    show_event_handler show_event_;
    retry_event_handler retry_event_;
    discard_event_handler discard_event_;
    by_hand_handler retry_;
    by_hand_handler discard_;
    list_events_handler list_events_;
    export_handler export_;
    import_handler import_;
    switch_handler pause_;
    switch_handler resume_;
    status_handler status_;
    stream_handler stream_;
    metrics_handler metrics_;
    live_handler live_;
    ready_handler ready_;
    openapi_handler openapi_;
    dashboard_handler dashboard_;
    path_router routes_;
};

}  // namespace posthaste
