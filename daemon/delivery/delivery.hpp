// The delivery thread's shell: obeys lib/delivery's machine, runs the attempts over the upstream's connections and
// tells the store what became of each event.
//
// Everything but status() belongs to the delivery io_context's thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "daemon/store/store.hpp"
#include "lib/config/settings.hpp"
#include "lib/delivery/upstream_report.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

using delivery_status = upstream_report;

struct delivery_options {
    upstream_settings upstream;
    retry_settings retry;
    std::function<instant()> now;
    std::function<std::uint64_t()> random;  // called on the delivery thread only
};

class delivery final : public commit_listener {
  public:
    // `io` is the delivery thread's; the store must outlive this.
    delivery(boost::asio::io_context& io, delivery_options options, store& outbox);
    ~delivery() override;

    delivery(const delivery&) = delete;
    delivery& operator=(const delivery&) = delete;

    // Loads the certificates; on the calling thread, before the io_context runs.
    [[nodiscard]] result<void, start_failure> open();
    // Begins to fetch and send.
    void start();
    // Starts no further attempt; those in flight get up to `grace`; `done` runs once all are settled or given up.
    void stop(milliseconds grace, std::function<void()> done);

    void appended(std::vector<pending_event> events, sequence last) override;
    void settled(std::size_t count) override;

    // From any thread; `reply` runs on the delivery thread.
    void status(std::function<void(delivery_status)> reply);

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace posthaste
