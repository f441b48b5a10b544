// POST /run/events and POST /{version}/run/events: many events in one request, a JSON array or application/x-ndjson.
//
// All are stored or none, in the order given, and the 202 comes once they are durable, with their ids. Each element
// goes upstream as the bytes that it has in the batch, to /run/event under the batch's version. Read in slices, so that
// a large batch holds no other request up. Belongs to the listener's thread.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "daemon/server/acceptance.hpp"
#include "daemon/server/handler.hpp"
#include "daemon/store/store.hpp"
#include "lib/event/catalog.hpp"
#include "lib/metrics/rate_window.hpp"

namespace posthaste {

struct batch_limits {
    std::uint64_t body = 16 * MiB;
    std::uint64_t event = 1 * MiB;  // of each
    std::size_t events = 10'000;
};

class batch_handler final : public handler {
  public:
    // `io`, the sink and `accepted`, which counts what was stored, must outlive the handler.
    batch_handler(boost::asio::io_context& io, batch_limits limits, acceptance how, event_sink& sink,
                  std::shared_ptr<const event_catalog> catalog, rate_window& accepted);
    ~batch_handler() override;

    // For the requests whose heads come from now on.
    void reconfigure(batch_limits limits, std::shared_ptr<const event_catalog> catalog);

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    [[nodiscard]] std::uint64_t body_limit() const override { return limits_.body; }
    [[nodiscard]] std::string_view body_limit_key() const override { return "limits.batch_body"; }
    void handle(std::shared_ptr<exchange> request) override;

  private:
    class run;

    boost::asio::io_context& io_;
    batch_limits limits_;
    acceptance how_;
    event_sink& sink_;
    std::shared_ptr<const event_catalog> catalog_;
    rate_window& accepted_;
};

}  // namespace posthaste
