#include "tests/system/support/backlog.hpp"

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace posthaste {

namespace {

// A line of an import, with an id of its own.
std::string line_of(const load_event& event, unsigned long long number) {
    char id[40];
    std::snprintf(id, sizeof id, "0197f0a0-0000-7000-8000-%012llx", number);
    return nlohmann::json({{"id", id},
                           {"path", "/run/event"},
                           {"apiVersion", ""},
                           {"receivedAt", "2026-11-23T12:00:00.000Z"},
                           {"state", "pending"},
                           {"body", load_body(event)}})
               .dump() +
           "\n";
}

}  // namespace

std::vector<load_event> events_of_users(int users, int events_each) {
    std::vector<load_event> events;
    for (int number = 1; number <= events_each; ++number)
        for (int user = 1; user <= users; ++user)
            events.push_back({"user-" + std::to_string(user), number});
    return events;
}

void import_backlog(const daemon_under_test& daemon, const std::vector<load_event>& events) {
    std::string lines;
    unsigned long long number = 0;
    for (const load_event& event : events)
        lines += line_of(event, ++number);
    const auto answer =
        http_call(daemon.port(), "POST", "/v1/import", {{"Content-Type", "application/x-ndjson"}}, lines);
    ASSERT_TRUE(answer && answer->status == 200) << (answer ? answer->body : "no answer") << daemon.log();
    ASSERT_EQ(answer->json()["imported"], events.size());
}

}  // namespace posthaste
