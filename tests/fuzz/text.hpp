// What several fuzzers ask of texts.

#pragma once

#include <string_view>

#include "lib/event/envelope.hpp"

namespace posthaste::fuzz {

// Whether a text can be shown on one line of a terminal: UTF-8 without control characters.
[[nodiscard]] bool is_clean_line(std::string_view text);

// Whether `part` lies within `whole`, as memory; an empty one may lie anywhere.
[[nodiscard]] bool is_within(std::string_view part, std::string_view whole);

// What must hold of every fault of this body.
void judge_fault(const envelope_fault& fault, std::string_view body);

// The schema of this text, which must be one.
[[nodiscard]] schema_node schema_of(std::string_view text);

}  // namespace posthaste::fuzz
