// Checks a posted body in one SAX pass: well-formed JSON, envelope ("event", "userId", "data"), schema.
//
// RFC 8259, and stricter: a NUL byte anywhere, invalid UTF-8, a lone surrogate, a BOM, a number that is out of range,
// trailing bytes, nesting over 64 and a duplicate member at any level are malformed, whatever else is wrong; what is
// wrong with the envelope is told before what is wrong with data, and with it where the event's schema is known. No DOM
// is built and nothing is re-serialised: the body goes upstream as it came. What is plainly sound is read by our
// scanner (plain_scanner.hpp), and all else once more by nlohmann's parser, which has the last word on what is wrong.
// Only where "event" stands behind "data" is data read a second time, as its schema was not known the first time.
// Memory is bounded by the body's size. Messages never quote values. Pure; any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/event/catalog.hpp"

namespace posthaste {

inline constexpr std::size_t max_json_depth = 64;
inline constexpr std::size_t max_name_bytes = 256;  // of "event" and of "userId", decoded

struct envelope {
    std::string event;
    std::string user_id;
    // Where the schemas only warn: how data does not fit (schema_checker::most_warnings at most); else empty.
    std::vector<field_error> mismatch{};
};

struct envelope_fault {
    enum class kind { malformed_json, invalid_event, schema_mismatch, unknown_event };

    kind what = kind::malformed_json;
    std::string detail;      // for a person: what is wrong and what to send instead
    std::string reason;      // malformed_json: what is wrong at that place
    std::size_t line = 0;    // malformed_json: 1-based
    std::size_t column = 0;  // malformed_json: 1-based, in bytes
    // malformed_json: 0-based, in bytes: within a string the byte that is wrong, else the first byte of the token that
    // is wrong or that something is missing before; the body's size where it ends too early.
    std::size_t offset = 0;
    std::vector<field_error> errors;  // the others: all of them, not only the first (at most 100)
};

// The fault of a text that is no JSON: `reason` tells what is wrong at `offset`.
[[nodiscard]] envelope_fault malformed_json(std::string_view body, std::size_t offset, std::string reason);

// Both: `body` must have less than 2 GiB.
// What makes it malformed, by the same rules, whatever it may be of: for JSON that is no event.
[[nodiscard]] std::optional<envelope_fault> find_malformed_json(std::string_view body);
[[nodiscard]] result<envelope, envelope_fault> read_envelope(std::string_view body, const event_catalog& catalog);

}  // namespace posthaste
