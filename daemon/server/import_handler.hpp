// POST /v1/import: the lines of an export as new pending events that keep their ids. All lines are checked before the
// first is stored; what is already here is skipped and counted, so that an import can be repeated.
//
// A large body is read in slices, between which the listener goes on. Belongs to the listener's thread.

#pragma once

#include <algorithm>

#include <boost/asio/io_context.hpp>

#include "daemon/server/handler.hpp"
#include "daemon/server/status_source.hpp"
#include "lib/http/event_lines.hpp"

namespace posthaste {

class import_handler final : public handler {
  public:
    // Of more than one line. A single one may be as long as that of the largest event.
    static constexpr std::uint64_t most_bytes = 16 * MiB;

    // `largest_event` is limits.body; `refusing` as in acceptance. `io` is the listener's.
    import_handler(boost::asio::io_context& io, std::uint64_t largest_event, event_importer store,
                   std::function<std::optional<refusal>()> refusing)
        : io_(io), largest_event_(largest_event), store_(std::move(store)), refusing_(std::move(refusing)) {}

    // For the requests whose heads come from now on.
    void reconfigure(std::uint64_t largest_event) { largest_event_ = largest_event; }

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    [[nodiscard]] std::uint64_t body_limit() const override {
        return std::max(most_bytes, longest_line(largest_event_));
    }
    [[nodiscard]] std::string_view how_to_send_less() const override {
        return "Split it by lines and send fewer in one request; for a line that is longer, raise limits.body";
    }
    void handle(std::shared_ptr<exchange> request) override;

  private:
    boost::asio::io_context& io_;
    std::uint64_t largest_event_;
    event_importer store_;
    std::function<std::optional<refusal>()> refusing_;
};

}  // namespace posthaste
