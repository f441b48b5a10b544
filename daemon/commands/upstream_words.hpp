// The upstream's state, as /v1/status shows it, in a sentence for a person.
//
// Pure; any thread.

#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace posthaste {

// "the upstream is up", "delivering has been paused since 2026-11-23T13:05:09.042Z: …", with the last error at its end.
// `upstream` may be anything: what is missing is left out, and what it holds is made printable. No full stop.
[[nodiscard]] std::string upstream_in_words(const nlohmann::json& upstream);

// "; the last error was: …", with its time while the upstream is up; "" where there is none that the reason does not
// tell.
[[nodiscard]] std::string last_error_in_words(const nlohmann::json& upstream);

// What there is to do in such a state, as a sentence, beyond what the reason says; "" while it is up. `takes_events`:
// the daemon is known to.
[[nodiscard]] std::string upstream_hint(const std::string& state, bool takes_events);

}  // namespace posthaste
