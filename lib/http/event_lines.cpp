#include "lib/http/event_lines.hpp"

#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/event/envelope.hpp"
#include "lib/http/api_version.hpp"

namespace posthaste {

namespace {

constexpr std::size_t most_version_bytes = 512;  // as of the x-api-version header

bool is_event_path(std::string_view path) {
    if (path == "/run/event") return true;
    return path.size() == 18 && path[0] == '/' && is_api_version(path.substr(1, 7)) && path.substr(8) == "/run/event";
}

bool is_plain(std::string_view value) {
    return value.size() <= most_version_bytes &&
           std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

// Reads the members of one line and notes what is wrong with them.
class line_reader {
  public:
    explicit line_reader(const nlohmann::json& line) : line_(line) {}

    std::string text(const char* member) {
        const auto found = line_.find(member);
        if (found != line_.end() && found->is_string()) return found->get<std::string>();
        wrong(member, found == line_.end() ? "is missing (expected a string)" : "is no string");
        return {};
    }

    void wrong(const std::string& member, std::string why) { errors.push_back({"/" + member, std::move(why)}); }

    std::vector<field_error> errors;

  private:
    const nlohmann::json& line_;
};

void read_envelope_of(pending_event& one, line_reader& from) {
    static const event_catalog no_schemas{};
    auto read = read_envelope(one.what.body, no_schemas);
    if (!read) return from.wrong("body", "is no event: " + read.error().detail);
    one.what.name = std::move(read->event);
    one.what.user_id = std::move(read->user_id);
}

pending_event read_members(line_reader& from) {
    pending_event one;
    const auto id = parse_uuid(from.text("id"));
    if (!id) from.wrong("id", "is no UUID");
    const auto received = parse_rfc3339(from.text("receivedAt"));
    if (!received) from.wrong("receivedAt", "is no time (expected RFC 3339, such as 2026-11-23T13:05:09.123Z)");
    if (const auto state = from.text("state"); state != "pending" && state != "dead")
        from.wrong("state", "must be \"pending\" or \"dead\"");
    one.id = id.value_or(uuid{});
    one.received_at = received.value_or(wall_time{});
    one.what.path = from.text("path");
    if (!is_event_path(one.what.path)) from.wrong("path", "must be /run/event or /YYYY-MM/run/event");
    one.what.api_version = from.text("apiVersion");
    if (!is_plain(one.what.api_version)) from.wrong("apiVersion", "must be up to 512 bytes of ASCII");
    one.what.body = from.text("body");
    if (from.errors.empty()) read_envelope_of(one, from);
    return one;
}

}  // namespace

std::string to_line(const exported_event& one) {
    const nlohmann::ordered_json line = {{"id", to_string(one.id)},
                                         {"path", one.what.path},
                                         {"apiVersion", one.what.api_version},
                                         {"receivedAt", to_rfc3339(one.received_at)},
                                         {"state", to_string(one.state)},
                                         {"body", one.what.body}};
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

result<pending_event, std::vector<field_error>> read_line(std::string_view line) {
    // nlohmann's parser takes a NUL byte for the end.
    const auto parsed = line.find('\0') == std::string_view::npos ? nlohmann::json::parse(line, nullptr, false)
                                                                  : nlohmann::json(nlohmann::json::value_t::discarded);
    if (!parsed.is_object()) return std::vector<field_error>{{"", "is no JSON object in one line"}};
    line_reader from(parsed);
    auto one = read_members(from);
    if (!from.errors.empty()) return std::move(from.errors);
    return one;
}

}  // namespace posthaste
