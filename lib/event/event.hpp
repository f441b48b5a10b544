// The event value: what an app posted, checked and ready to be stored and sent on as it came.

#pragma once

#include <string>

namespace posthaste {

struct event {
    std::string name;         // the body's "event"
    std::string user_id;      // the body's "userId": the event's lane
    std::string path;         // as posted, query excluded: "/run/event", "/2023-12/run/event"
    std::string api_version;  // the x-api-version header; "" when there was none
    std::string traceparent;  // W3C Trace Context; "" when there was none
    std::string tracestate;
    std::string body;  // byte for byte as posted
};

}  // namespace posthaste
