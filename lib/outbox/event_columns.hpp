// The columns of a whole event in the order that event_table::read() expects, for the statements of every table that
// holds whole events.

#pragma once

#define POSTHASTE_EVENT_COLUMNS \
    "seq, received_at, bytes, crc, id, user_id, name, path, api_version, traceparent, tracestate, body"

// Their places in it.
namespace posthaste::event_column {

enum : int { seq, received_at, bytes, crc, id, user_id, name, path, api_version, traceparent, tracestate, body };

}  // namespace posthaste::event_column
