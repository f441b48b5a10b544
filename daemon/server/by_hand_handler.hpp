// POST /v1/retry and POST /v1/discard: sends dead events again, or removes dead or pending ones, as many as match and
// up to 10,000 and two seconds a call, in slices between which everything else goes on.
//
// What a call tells is durable. `continue` is null once everything was looked at; sent along with the next call it
// spares looking again. A call may be cut off anywhere and repeated. Belongs to the listener's thread.

#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "daemon/server/handler.hpp"
#include "daemon/server/status_source.hpp"
#include "lib/http/by_hand_call.hpp"

namespace posthaste {

struct by_hand_source {
    event_selector select;
    dead_keeper dead;
    event_withdrawal withdraw;
    std::function<std::optional<refusal>()> refusing;  // as in acceptance
    std::function<instant()> now;
};

class by_hand_handler final : public handler {
  public:
    static constexpr std::uint64_t most_bytes = 4 * KiB;

    enum class task { retry, discard };

    by_hand_handler(task what, by_hand_source source) : what_(what), source_(std::move(source)) {}

    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const override;
    [[nodiscard]] std::uint64_t body_limit() const override { return most_bytes; }
    void handle(std::shared_ptr<exchange> request) override;

  private:
    class run;

    task what_;
    by_hand_source source_;
};

}  // namespace posthaste
