// Whether the books are right: what was acknowledged, what the upstream got, what the daemon counts, what the file
// holds.

#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/load.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

// The bodies that came with each Idempotency-Key, in the order they came.
[[nodiscard]] std::map<std::string, std::vector<std::string>> bodies_by_key(upstream_process& upstream);

// Acknowledged events that never came, or came other than they were posted.
[[nodiscard]] std::vector<std::string> lost(const load& sent, upstream_process& upstream);
// The numbers of each user's events that were answered with 200, in the order they came.
[[nodiscard]] std::map<std::string, std::vector<int>> taken_by_user(upstream_process& upstream);
// 1, 2, 3 … last.
[[nodiscard]] std::vector<int> up_to(int last);
// How often the text stands in the other.
[[nodiscard]] std::size_t count_in(const std::string& text, const std::string& what);
// Keys of events that the upstream got more than once.
[[nodiscard]] std::vector<std::string> repeated(upstream_process& upstream);

// Which refusals the load met: "503 store-unavailable".
[[nodiscard]] std::set<std::string> kinds_of_refusal(const load& sent);

// Whether accepted = delivered + pending + dead + discarded + purged in /v1/status.
[[nodiscard]] testing::AssertionResult accounts_close(const daemon_under_test& daemon);

// "ok", or what SQLite's integrity check says of a copy of the file and its write-ahead log.
[[nodiscard]] std::string integrity_of(const std::string& outbox);

}  // namespace posthaste
