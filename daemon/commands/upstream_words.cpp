#include "daemon/commands/upstream_words.hpp"

#include <nlohmann/json.hpp>

#include "daemon/commands/refusal_text.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr std::size_t longest_reason = 1024;

std::string state_in_words(const std::string& state) {
    if (state == "up") return "the upstream is up";
    if (state == "held") return "the upstream asked for a break";
    if (state == "open") return "the upstream fails";
    if (state == "paused") return "delivering is paused";
    return "the upstream's state is \"" + printable(state) + "\"";
}

}  // namespace

std::string upstream_in_words(const nlohmann::json& upstream) {
    const auto state = text_of(upstream, "state");
    std::string words = state_in_words(state);
    if (const auto since = text_of(upstream, "since"); !since.empty() && state != "up")
        words += " since " + printable(since);
    const auto reason = text_of(upstream, "reason");
    if (!reason.empty()) words += ": " + printable(reason, longest_reason);
    if (const auto next = text_of(upstream, "nextProbeAt"); !next.empty())
        words += "; it is tried again at " + printable(next);
    if (upstream.is_object() && upstream.contains("lastError")) {
        const auto last = text_of(upstream["lastError"], "message");
        if (!last.empty() && reason.find(last) == std::string::npos)
            words += "; the last error was: " + printable(last, longest_reason);
    }
    return words;
}

std::string upstream_hint(const std::string& state) {
    if (state == "held") return "Nothing is to be done: it goes on by itself.";
    if (state == "open")
        return "It goes on by itself with the first success; \"posthaste check --upstream\" goes the way there step by "
               "step.";
    if (state == "paused") return "Events are taken all the while, and nothing is lost.";
    return "";
}

}  // namespace posthaste
