#include "daemon/commands/check_report.hpp"

#include <algorithm>

#include "lib/base/text.hpp"

namespace posthaste {

exit_code outcome_of(const check_report& report) {
    const auto failed =
        std::find_if(report.begin(), report.end(), [](const check_step& step) { return step.code != exit_code::done; });
    return failed == report.end() ? exit_code::done : failed->code;
}

std::string to_text(const check_step& step) {
    const char* verdict = step.code != exit_code::done ? "FAIL  " : step.warns ? "warn  " : "ok    ";
    return verdict + step.name + ": " + step.detail + "\n";
}

std::string to_json(const check_report& report) {
    std::string text =
        "{\"ok\":" + std::string(outcome_of(report) == exit_code::done ? "true" : "false") + ",\"steps\":[";
    for (const auto& step : report) {
        if (text.back() != '[') text += ",";
        text += "{\"name\":" + json_quote(step.name) + ",\"ok\":" + (step.code == exit_code::done ? "true" : "false") +
                ",\"warning\":" + (step.warns ? "true" : "false") + ",\"detail\":" + json_quote(step.detail) +
                (step.facts.empty() ? "" : "," + step.facts) + "}";
    }
    return text + "]}\n";
}

}  // namespace posthaste
