// What the sandbox does wrong on purpose: by its flags at the start, and by PUT /faults while it runs.
//
// Pure: the caller hands the random numbers in. Rates are shares of the requests, 0 to 1. The three faults are
// independent draws; "fail" wins over "drop", and "drop" over "close".

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/base/time.hpp"

namespace posthaste {

struct fault_settings {
    double fail_rate = 0;  // answered with `status`; the event is not taken
    unsigned status = 503;
    std::optional<seconds> retry_after;  // the Retry-After of such an answer
    milliseconds latency{0};             // before every answer …
    milliseconds jitter{0};              // … give or take so much, evenly spread
    double drop_rate = 0;                // the event is taken, then the connection closes without an answer
    double close_rate = 0;               // answered as usual, with Connection: close
};

// All problems, each naming its member; empty when the settings are sound.
[[nodiscard]] std::vector<std::string> check_faults(const fault_settings& faults);

// Of the body of PUT /faults: {"fail_rate": 0.1, "status": 503, "retry_after": 2, "latency": "50ms", "jitter": "20ms",
// "drop_rate": 0.01, "close_rate": 0.05}. What is left out is at its default: {} ends all faults. The error holds all
// problems at once.
[[nodiscard]] result<fault_settings, std::vector<std::string>> parse_faults(std::string_view json);

// The same form, every member shown.
[[nodiscard]] std::string faults_json(const fault_settings& faults);

struct fault_decision {
    enum class kind { none, fail, drop, close };

    kind what = kind::none;
    milliseconds delay{0};
};

// What happens to one request. `random` gives 64 random bits a call and is called four times, whatever is decided.
[[nodiscard]] fault_decision decide_fault(const fault_settings& faults, const std::function<std::uint64_t()>& random);

}  // namespace posthaste
