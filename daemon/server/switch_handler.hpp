// POST /v1/pause, POST /v1/resume: delivering stops, or goes on; accepting is not touched. Answers 200 with the
// upstream as GET /v1/status shows it then, once the change is durable; 503 where the disk is too full for that. Either
// can be repeated. A body means nothing; a small one is borne. Belongs to the listener's thread.

#pragma once

#include "daemon/server/handler.hpp"
#include "daemon/server/status_source.hpp"

namespace posthaste {

class switch_handler final : public handler {
  public:
    static constexpr std::uint64_t most_bytes = 4 * KiB;

    // `refusing` as in acceptance.
    switch_handler(upstream_switch turn, std::function<std::optional<refusal>()> refusing)
        : turn_(std::move(turn)), refusing_(std::move(refusing)) {}

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    [[nodiscard]] std::uint64_t body_limit() const override { return most_bytes; }
    void handle(std::shared_ptr<exchange> request) override;

  private:
    upstream_switch turn_;
    std::function<std::optional<refusal>()> refusing_;
};

}  // namespace posthaste
