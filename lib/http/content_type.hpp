// What a body says of itself. Pure; any thread.

#pragma once

#include <optional>

#include "lib/http/head_check.hpp"
#include "lib/http/problem.hpp"

namespace posthaste {

enum class coding { none, gzip };

// How the body is coded; 415 for what is not understood, or coded twice.
[[nodiscard]] result<coding, problem> coding_of(const request_head& head);

// 415 unless the body is announced as application/json (parameters are fine), saying that `what` is to be sent. Its
// coding is for coding_of().
[[nodiscard]] std::optional<problem> refuse_unless_json(const request_head& head, std::string_view what = "the event");

// What a batch of events may be: 415 for anything else.
enum class batch_type { json, ndjson };
[[nodiscard]] result<batch_type, problem> batch_type_of(const request_head& head);

// 415 where the body is coded in any way.
[[nodiscard]] std::optional<problem> refuse_coded(const request_head& head);

// 415 unless it is announced as application/x-ndjson and not coded.
[[nodiscard]] std::optional<problem> refuse_unless_ndjson(const request_head& head);

}  // namespace posthaste
