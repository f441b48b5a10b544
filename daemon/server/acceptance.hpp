// What POST /run/event and POST /run/events have in common: how events are taken, one or many.

#pragma once

#include <functional>
#include <optional>

#include "daemon/store/store.hpp"
#include "lib/event/envelope.hpp"
#include "lib/http/head_check.hpp"
#include "lib/http/problem.hpp"
#include "lib/metrics/histogram.hpp"

namespace posthaste {

struct acceptance {
    std::function<instant()> now;
    // Why no event is taken at present, if so: asked before a body is read. The sink has the last word.
    std::function<std::optional<refusal>()> refusing;
    // Told of each event whose data does not fit its schema, where that only warns.
    std::function<void(const envelope&)> mismatched{};
    // Where it is noted how long accepting took: request read → answer written. Outlives the handler.
    histogram* durations = nullptr;

    // What a head is refused for, whatever its content type is.
    [[nodiscard]] std::optional<problem> refuse(const request_head& head) const;
    void tell_of(const envelope& read) const;  // if it does not fit
    void note_duration(steady_time::duration took) const;
};

}  // namespace posthaste
