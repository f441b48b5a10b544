#include "daemon/commands/status_text.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/commands/progress_bar.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "daemon/commands/spoken.hpp"
#include "daemon/commands/text_columns.hpp"
#include "daemon/commands/upstream_words.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

using json = nlohmann::json;

constexpr std::size_t label_columns = 11;
constexpr std::size_t least_text_columns = 8;

std::uint64_t count(const json& document, const char* member) {
    return number_of(document, member).value_or(0);
}

std::string spoken_count(const json& document, const char* member) {
    return grouped(count(document, member));
}

std::string duration(std::uint64_t whole_seconds) {
    return rough_duration(seconds{static_cast<std::int64_t>(std::min<std::uint64_t>(whole_seconds, 1ULL << 40))});
}

std::string per_second(const json& rates, const char* member) {
    const auto& rate = member_of(rates, member);
    const double value = rate.is_number() ? std::clamp(rate.get<double>(), 0.0, 1e12) : 0;
    const auto tenths = static_cast<std::uint64_t>(value * 10 + 0.5);
    return grouped(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string unreadiness(const std::string& reason) {
    if (reason == "queue-full")
        return "the queue is full; let the upstream take some of it, discard what is not needed, or raise "
               "queue.max_events or queue.max_bytes";
    if (reason == "disk-full") return "the queue's disk has less room than queue.disk_reserve; make room there";
    if (reason == "stopping") return "it is stopping";
    return printable(reason);
}

status_line daemon_line(const json& status, const json& readiness) {
    const std::string who =
        printable(text_of(status, "version")) + ", up for " + duration(count(status, "uptimeSeconds")) + ": ";
    if (text_of(readiness, "status") == "ok") return {"posthaste", who + "ready to take events", paint::green};
    std::string why;
    for (const auto& reason : member_of(readiness, "reasons"))
        why += (why.empty() ? ": " : "; and ") + unreadiness(reason.is_string() ? reason.get<std::string>() : "");
    return {"posthaste", who + "NOT READY to take events" + why, paint::red};
}

paint colour_of(const std::string& upstream_state) {
    if (upstream_state == "up") return paint::green;
    return upstream_state == "held" ? paint::yellow : paint::red;
}

status_line upstream_line(const json& upstream, bool takes_events) {
    const auto state = text_of(upstream, "state");
    std::string text = upstream_in_words(upstream);
    if (state == "up")
        text = "the upstream is up, " + spoken_count(upstream, "inFlight") + " of at most " +
               spoken_count(upstream, "concurrency") + " requests in flight" + last_error_in_words(upstream);
    const auto hint = upstream_hint(state, takes_events);
    if (!hint.empty()) text += ". " + hint;
    return {"upstream", text, colour_of(state)};
}

status_line queue_line(const json& queue) {
    if (count(queue, "pending") == 0) return {"queue", "nothing is pending"};
    std::string text = spoken_count(queue, "pending") + " pending, of which " + spoken_count(queue, "inFlight") +
                       " in flight and " + spoken_count(queue, "retrying") + " failed before";
    if (const auto age = number_of(queue, "oldestAgeSeconds")) text += "; the oldest came " + duration(*age) + " ago";
    if (const auto eta = number_of(queue, "drainEtaSeconds"))
        text += "; at this rate it is empty in " + duration(*eta);
    else
        text += "; it is not getting shorter";
    return {"queue", text};
}

status_line dead_line(const json& queue) {
    if (count(queue, "dead") == 0) return {"dead", "none"};
    return {"dead",
            spoken_count(queue, "dead") +
                " given up: \"posthaste events --state dead\" lists them, \"posthaste retry --dead\" tries them again",
            paint::red};
}

status_line room_line(const json& queue) {
    const auto events = count(queue, "pending") + count(queue, "dead");
    std::string text = spoken_size(count(queue, "bytes")) + " of " + spoken_size(count(queue, "maxBytes")) + " and " +
                       grouped(events) + " of " + spoken_count(queue, "maxEvents") + " events are used";
    if (const auto time = number_of(queue, "outageCapacitySeconds"))
        text += "; without the upstream it would be full in " + duration(*time);
    return {"room", text};
}

status_line rates_line(const json& rates) {
    return {"rates", per_second(rates, "acceptedPerSecond") + " accepted and " +
                         per_second(rates, "deliveredPerSecond") + " delivered a second, over 10 s"};
}

status_line totals_line(const json& totals, const json& queue) {
    return {"totals", spoken_count(totals, "accepted") + " accepted = " + spoken_count(totals, "delivered") +
                          " delivered + " + spoken_count(queue, "pending") + " pending + " +
                          spoken_count(queue, "dead") + " dead + " + spoken_count(totals, "discarded") +
                          " discarded + " + spoken_count(totals, "purged") + " purged"};
}

status_line settings_line(const json& configuration, wall_time now) {
    std::string text = "in use since " + spoken_time(text_of(configuration, "loadedAt"), now);
    const auto& last = member_of(configuration, "lastReload");
    if (!last.is_object() || member_of(last, "success") == true) return {"settings", text};
    text += "; what was read at " + spoken_time(text_of(last, "at"), now) + " has problems and changed nothing";
    const auto& problems = member_of(last, "problems");
    if (problems.is_array() && !problems.empty() && problems.front().is_string())
        text += ": " + printable(problems.front().get<std::string>(), 512);
    if (problems.size() > 1) text += " (and " + std::to_string(problems.size() - 1) + " more: posthaste check)";
    return {"settings", text, paint::red};
}

}  // namespace

std::vector<status_line> status_lines(const json& status, const json& readiness, wall_time now) {
    const auto& queue = member_of(status, "queue");
    return {daemon_line(status, readiness),
            upstream_line(member_of(status, "upstream"), text_of(readiness, "status") == "ok"),
            queue_line(queue),
            dead_line(queue),
            room_line(queue),
            rates_line(member_of(status, "rates")),
            totals_line(member_of(status, "totals"), queue),
            settings_line(member_of(status, "configuration"), now)};
}

std::vector<std::string> laid_out(const std::vector<status_line>& lines, const screen& on) {
    const std::size_t columns =
        on.columns == 0 ? 0 : std::max(on.columns, label_columns + least_text_columns + 1) - label_columns - 1;
    std::vector<std::string> out;
    for (const auto& [label, text, colour] : lines) {
        std::string before = painted(label, colour, on) + std::string(label_columns - label.size(), ' ');
        for (const auto& part : wrapped(text, columns))
            out.push_back(std::exchange(before, std::string(label_columns, ' ')) + part);
    }
    return out;
}

}  // namespace posthaste
