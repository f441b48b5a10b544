// Problem documents (RFC 9457): every error posthaste answers, as application/problem+json.
//
// type is urn:posthaste:problem:NAME; `message` repeats `detail` for the SDKs. Pure; any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.hpp"
#include "lib/event/envelope.hpp"
#include "lib/event/schema.hpp"

namespace posthaste {

struct json_place {
    std::size_t line = 0;
    std::size_t column = 0;
    std::size_t offset = 0;
};

// What an event's last attempt got (502 delivery-failed).
struct upstream_refusal {
    std::optional<int> status;  // empty: no answer came
    std::string message;
};

struct problem {
    unsigned status = 500;
    std::string_view name{};  // "queue-full": a string literal
    std::string detail{};     // what happened, why, what to do
    std::vector<field_error> errors{};
    std::optional<json_place> place{};           // malformed-json: members line, column, offset
    std::optional<seconds> retry_after{};        // a Retry-After header goes with it
    std::string allow{};                         // 405: the Allow header
    std::string fields{};                        // further complete header lines
    std::optional<upstream_refusal> upstream{};  // members upstreamStatus and upstreamMessage
    bool wants_token = false;                    // 401: WWW-Authenticate: Bearer goes with it
    bool close = false;                          // the connection ends with this answer (framing faults, 413, 431 …)
};

[[nodiscard]] std::string to_json(const problem& what);
[[nodiscard]] problem problem_of(envelope_fault fault);

}  // namespace posthaste
