// POST /v1/import: the lines of an export as new pending events that keep their ids. All lines are checked before the
// first is stored; what is already here is skipped and counted, so that an import can be repeated.
//
// A large body is read in slices, between which the listener goes on. Belongs to the listener's thread.

#pragma once

#include <boost/asio/io_context.hpp>

#include "daemon/server/handler.hpp"
#include "daemon/server/status_source.hpp"

namespace posthaste {

class import_handler final : public handler {
  public:
    static constexpr std::uint64_t most_bytes = 16 * MiB;

    // `refusing` as in acceptance. `io` is the listener's.
    import_handler(boost::asio::io_context& io, event_importer store, std::function<std::optional<refusal>()> refusing)
        : io_(io), store_(std::move(store)), refusing_(std::move(refusing)) {}

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    [[nodiscard]] std::uint64_t body_limit() const override { return most_bytes; }
    void handle(std::shared_ptr<exchange> request) override;

  private:
    boost::asio::io_context& io_;
    event_importer store_;
    std::function<std::optional<refusal>()> refusing_;
};

}  // namespace posthaste
