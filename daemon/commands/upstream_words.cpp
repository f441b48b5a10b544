#include "daemon/commands/upstream_words.hpp"

#include <nlohmann/json.hpp>

#include "daemon/commands/refusal_text.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr std::size_t longest_reason = 1024;

// `since`: "" where it is not known.
std::string state_in_words(const std::string& state, const std::string& since) {
    if (state == "up") return "the upstream is up";
    if (state == "held") return "the upstream asked for a break" + (since.empty() ? "" : " at " + since);
    if (state == "open") return since.empty() ? "the upstream fails" : "the upstream has been failing since " + since;
    if (state == "paused") return since.empty() ? "delivering is paused" : "delivering has been paused since " + since;
    return "the upstream's state is \"" + printable(state) + "\"";
}

}  // namespace

std::string upstream_in_words(const nlohmann::json& upstream) {
    const auto state = text_of(upstream, "state");
    std::string words = state_in_words(state, printable(text_of(upstream, "since")));
    const auto reason = text_of(upstream, "reason");
    if (!reason.empty()) words += ": " + printable(reason, longest_reason);
    if (const auto next = text_of(upstream, "nextProbeAt"); !next.empty())
        words += "; it is tried again at " + printable(next);
    words += last_error_in_words(upstream);
    if (words.ends_with('.')) words.pop_back();  // what an upstream wrote may be a sentence
    return words;
}

std::string last_error_in_words(const nlohmann::json& upstream) {
    const auto& error = member_of(upstream, "lastError");
    const auto last = text_of(error, "message");
    if (last.empty() || text_of(upstream, "reason").find(last) != std::string::npos) return "";
    const auto at = text_of(error, "at");
    const bool is_over = text_of(upstream, "state") == "up" && !at.empty();
    return "; the last error" + (is_over ? ", at " + printable(at) + "," : "") +
           " was: " + printable(last, longest_reason);
}

std::string upstream_hint(const std::string& state, bool takes_events) {
    if (state == "held") return "Nothing is to be done: it goes on by itself.";
    if (state == "open")
        return "It goes on by itself with the first success; \"posthaste check --upstream\" goes the way there step by "
               "step.";
    if (state == "paused" && takes_events) return "Events are taken all the while, and nothing is lost.";
    return "";
}

}  // namespace posthaste
