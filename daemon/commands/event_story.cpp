#include "daemon/commands/event_story.hpp"

#include <algorithm>

#include "daemon/commands/progress_bar.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "daemon/commands/spoken.hpp"
#include "daemon/commands/upstream_words.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

using nlohmann::json;

constexpr std::size_t longest_message = 1024;
constexpr std::size_t most_data_bytes = 4096;
constexpr std::size_t most_data_lines = 40;

std::string quoted(const std::string& text) {
    return "\"" + printable(text, longest_message) + "\"";
}

std::string times(std::uint64_t count) {
    if (count == 1) return "once";
    return count == 2 ? "twice" : grouped(count) + " times";
}

std::string command_for(const char* name, const json& facts) {
    return std::string("\"posthaste ") + name + " " + printable(text_of(facts, "id")) + "\"";
}

std::string what_it_is(const json& facts) {
    return "The event " + quoted(text_of(facts, "event")) + " of the user " + quoted(text_of(facts, "userId")) +
           ", with the id " + printable(text_of(facts, "id")) + ".";
}

// "the upstream answered 503: "…"", "no answer came: "…"".
std::string error_in_words(const json& error) {
    const auto status = number_of(error, "status");
    std::string text = status ? "the upstream answered " + std::to_string(*status) : "no answer came";
    if (const auto message = text_of(error, "message"); !message.empty()) text += ": " + quoted(message);
    return text;
}

std::string attempts(const json& facts) {
    const auto count = number_of(facts, "attempts").value_or(0);
    const auto& error = member_of(facts, "lastError");
    if (text_of(facts, "state") == "delivered" || (count == 0 && !error.is_object())) return "";
    std::string text = count == 0 ? "It was tried" : "It was tried " + times(count);
    text += " and did not arrive.";
    if (error.is_object()) text += " The last attempt we know of: " + error_in_words(error) + ".";
    return text;
}

std::string delivered(const json& facts, wall_time now) {
    const auto count = number_of(facts, "attempts").value_or(0);
    std::string text = "It was delivered at " + spoken_time(text_of(facts, "deliveredAt"), now);
    if (const auto status = number_of(member_of(facts, "response"), "status"))
        text += ": the upstream answered " + std::to_string(*status);
    if (count > 0) text += count == 1 ? ", to the first attempt" : ", to attempt number " + grouped(count);
    return text + ". Its data is no longer kept.";
}

std::string cause_of_death(const std::string& reason) {
    if (reason == "rejected") return "rejected: the upstream refused it for good";
    if (reason == "expired") return "expired: it failed again and again for longer than delivery.retry.max_age";
    if (reason == "damaged") return "damaged: what is stored of it is not what was posted, so that it cannot be sent";
    return reason.empty() ? "nobody told why" : printable(reason);
}

std::string dead(const json& facts, wall_time now) {
    const auto reason = text_of(facts, "reason");
    std::string text = "It has been dead since " + spoken_time(text_of(facts, "deadAt"), now) + ": " +
                       cause_of_death(reason) + ". It goes nowhere by itself: ";
    if (reason == "damaged")
        return text + "check the disk, post the event again, and remove this one with " +
               command_for("discard", facts) + ".";
    return text + "once its cause is gone, " + command_for("retry", facts) + " sends it again; " +
           command_for("discard", facts) + " removes it for good.";
}

bool is_up(const json& upstream) {
    const auto state = text_of(upstream, "state");
    return state.empty() || state == "up";
}

std::string wait_behind(const earlier_events& earlier, bool goes_out) {
    if (!earlier.known)
        return "Earlier events of the same user go first, unless delivery.ordering is none: \"posthaste events --state "
               "pending --user ID\" lists them.";
    if (earlier.count == 0)
        return std::string("It is the first of its user's") +
               (goes_out ? ", and goes out as soon as a request is free, unless it is on its way already." : ".");
    return grouped(earlier.count) +
           (earlier.count == 1 ? " earlier event of the same user waits, and goes first"
                               : " earlier events of the same user wait, and go first") +
           ", unless delivery.ordering is none. The first of them is " + printable(earlier.first_id) +
           ": once that goes, this one gets its turn.";
}

std::string next_attempt(const told_event& event, wall_time now) {
    const auto& facts = event.facts;
    const auto next = text_of(facts, "nextAttemptAt");
    const bool goes_out = is_up(event.upstream);
    if (next.empty()) return wait_behind(event.earlier, goes_out);
    const auto time = parse_rfc3339(next);
    if (time && *time <= now) return "The next attempt has been due since " + spoken_time(next, now) + ".";
    const std::string comes = "The next attempt comes at " + spoken_time(next, now);
    return goes_out ? comes + "; " + command_for("retry", facts) + " makes it come now." : comes + ".";
}

std::string state_of_upstream(const json& upstream) {
    if (is_up(upstream)) return "";
    const auto hint = upstream_hint(text_of(upstream, "state"), false);
    return "Nothing goes out for now: " + upstream_in_words(upstream) + "." + (hint.empty() ? "" : " " + hint);
}

}  // namespace

std::vector<std::string> event_story(const told_event& event, wall_time now) {
    const auto& facts = event.facts;
    const auto state = text_of(facts, "state");
    std::vector<std::string> told = {what_it_is(facts),
                                     "It was received at " + spoken_time(text_of(facts, "receivedAt"), now) + ".",
                                     attempts(facts)};
    if (state == "delivered") {
        told.push_back(delivered(facts, now));
    } else if (state == "dead") {
        told.push_back(dead(facts, now));
    } else {
        told.push_back("It is pending. " + next_attempt(event, now));
        told.push_back(state_of_upstream(event.upstream));
    }
    std::erase(told, "");
    return told;
}

std::vector<std::string> data_lines(std::string_view raw_data) {
    std::string text(raw_data.substr(0, most_data_bytes));
    // Outside of strings these are white space, and inside they cannot stand as they are.
    std::erase(text, '\r');
    std::ranges::replace(text, '\t', ' ');
    std::vector<std::string> lines;
    bool whole = raw_data.size() <= most_data_bytes;
    for (std::string_view rest = text; !rest.empty();) {
        if (lines.size() == most_data_lines) {
            whole = false;
            break;
        }
        const auto end = std::min(rest.find('\n'), rest.size());
        lines.push_back(printable(rest.substr(0, end), most_data_bytes * 4));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!whole) lines.push_back("\u2026 (" + grouped(raw_data.size()) + " bytes in all: --json shows them)");
    return lines;
}

}  // namespace posthaste
