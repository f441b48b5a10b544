// The upstream's state, as /v1/status shows it, in a sentence for a person.
//
// Pure; any thread.

#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace posthaste {

// "the upstream is up", "delivering is paused since 2026-11-23T13:05:09.042Z: …". `upstream` may be anything: what is
// missing is left out, and what it holds is made printable.
[[nodiscard]] std::string upstream_in_words(const nlohmann::json& upstream);

// What there is to do in such a state, as a sentence, beyond what the reason says; "" while it is up.
[[nodiscard]] std::string upstream_hint(const std::string& state);

}  // namespace posthaste
