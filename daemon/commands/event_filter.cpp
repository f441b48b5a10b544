#include "daemon/commands/event_filter.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "lib/base/percent.hpp"
#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"
#include "lib/base/uuid.hpp"

namespace posthaste {

namespace {

constexpr std::size_t longest_name = 256;

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto next = decode_utf8(text);
        if (next.size == 0) return false;
        text.remove_prefix(next.size);
    }
    return true;
}

// A filter that matches nothing is a slip; an empty one must never stand for everything.
std::string name_fault(const std::string& text) {
    if (text.empty()) return "it is empty, and no event has an empty one; leave the option out to mean them all";
    if (text.size() > longest_name) return "no event has one of more than 256 bytes";
    return is_utf8(text) ? "" : "expected UTF-8";
}

std::string reason_fault(const std::string& text) {
    static constexpr std::array<std::string_view, 3> reasons{"rejected", "expired", "damaged"};
    return std::ranges::find(reasons, text) != reasons.end() ? "" : "expected rejected, expired or damaged";
}

}  // namespace

nlohmann::ordered_json event_filter::json() const {
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    if (event) out["event"] = *event;
    if (user) out["userId"] = *user;
    if (reason) out["reason"] = *reason;
    return out;
}

std::string event_filter::query() const {
    return (event ? "&event=" + percent_encoded(*event) : "") + (user ? "&userId=" + percent_encoded(*user) : "");
}

std::string event_filter::words() const {
    std::string text;
    if (event) text += " of the event \"" + printable(*event) + "\"";
    if (user) text += (event ? " and" : " of") + (" the user \"" + printable(*user)) + "\"";
    if (reason) text += " with the reason " + *reason;
    return text;
}

void add_filter_options(CLI::App& to, event_filter& filter) {
    to.add_option("--event", filter.event, "Only those of the event with this name")
        ->type_name("NAME")
        ->check(name_fault);
    to.add_option("--user", filter.user, "Only those of the user with this userId")->type_name("ID")->check(name_fault);
}

void add_reason_option(CLI::App& to, event_filter& filter) {
    to.add_option("--reason", filter.reason, "Only those that died of this: rejected, expired or damaged")
        ->type_name("REASON")
        ->check(reason_fault);
}

std::string event_id_fault(const std::string& text) {
    return parse_uuid(text) ? ""
                            : "\"" + printable(text, 60) +
                                  "\" is no event's id: expected 36 characters such as "
                                  "01a208ef-347e-7c7a-8000-00000005cf15, as posthaste events shows them";
}

}  // namespace posthaste
