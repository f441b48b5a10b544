#include "lib/http/event_lines.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
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
           std::ranges::all_of(value, [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
}

// Takes the parser's events over one line, known to be well-formed, and keeps the strings that are asked for; what else
// stands in the line costs no memory.
class line_members {
  public:
    [[nodiscard]] bool is_object() const noexcept { return is_object_; }

    struct member {
        std::string_view name;
        bool found = false;
        bool is_null = false;
        std::optional<std::string> text{};  // when it is a string
    };
    [[nodiscard]] member* find(std::string_view name) noexcept {
        const auto at = std::ranges::find(members_, name, &member::name);
        return at == members_.end() ? nullptr : &*at;
    }

    // The parser's events.
    bool null() {
        other_value();
        if (depth_ == 1 && current_ != nullptr) current_->is_null = true;
        return true;
    }
    bool boolean(bool) { return other_value(); }
    bool number_integer(std::int64_t) { return other_value(); }
    bool number_unsigned(std::uint64_t) { return other_value(); }
    bool number_float(double, const std::string&) { return other_value(); }
    bool binary(nlohmann::json::binary_t&) { return false; }
    bool string(std::string& value) {
        other_value();
        if (depth_ == 1 && current_ != nullptr) current_->text = std::move(value);
        return true;
    }
    bool key(std::string& name) {
        if (depth_ == 1) current_ = find(name);
        return true;
    }
    bool start_object(std::size_t) {
        is_object_ = is_object_ || depth_ == 0;
        return open();
    }
    bool start_array(std::size_t) { return open(); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) { return false; }

  private:
    bool other_value() {
        if (depth_ != 1 || current_ == nullptr) return true;
        current_->found = true;
        current_->is_null = false;
        current_->text.reset();
        return true;
    }
    bool open() {
        other_value();
        ++depth_;
        return true;
    }
    bool close() {
        --depth_;
        return true;
    }

    std::array<member, 6> members_{{{"id"}, {"path"}, {"apiVersion"}, {"receivedAt"}, {"state"}, {"body"}}};
    member* current_ = nullptr;
    std::size_t depth_ = 0;
    bool is_object_ = false;
};

// Gives the members of one line and notes what is wrong with them.
class line_reader {
  public:
    explicit line_reader(line_members& line) : line_(line) {}

    // Empty where it is noted that there is none.
    std::optional<std::string> text(std::string_view name) {
        line_members::member& asked = *line_.find(name);
        if (!asked.text) wrong(name, asked.found ? "is no string" : "is missing (expected a string)");
        return std::move(asked.text);
    }

    // One that may be null or left out.
    std::string text_if_any(std::string_view name) {
        const line_members::member& asked = *line_.find(name);
        if (!asked.found || asked.is_null) return {};
        return text(name).value_or("");
    }

    void wrong(std::string_view member, std::string why) {
        errors.push_back({"/" + std::string(member), std::move(why)});
    }

    std::vector<field_error> errors;

  private:
    line_members& line_;
};

void read_envelope_of(pending_event& one, line_reader& from) {
    static const event_catalog no_schemas{};
    auto read = read_envelope(one.what.body, no_schemas);
    if (!read) return from.wrong("body", "is no event: " + read.error().detail);
    one.what.name = std::move(read->event);
    one.what.user_id = std::move(read->user_id);
}

// A member that is no string is wrong already.
pending_event read_members(line_reader& from) {
    pending_event one;
    if (const auto text = from.text("id")) {
        const auto id = parse_uuid(*text);
        if (!id) from.wrong("id", "is no UUID");
        one.id = id.value_or(uuid{});
    }
    if (const auto text = from.text("receivedAt")) {
        const auto received = parse_rfc3339(*text);
        if (!received) from.wrong("receivedAt", "is no time (expected RFC 3339, such as 2026-11-23T13:05:09.123Z)");
        one.received_at = received.value_or(wall_time{});
    }
    if (const auto state = from.text("state"); state && *state != "pending" && *state != "dead")
        from.wrong("state", "must be \"pending\" or \"dead\"");
    if (auto path = from.text("path")) {
        if (!is_event_path(*path)) from.wrong("path", "must be /run/event or /YYYY-MM/run/event");
        one.what.path = *std::move(path);
    }
    one.what.api_version = from.text_if_any("apiVersion");
    if (!is_plain(one.what.api_version)) from.wrong("apiVersion", "must be up to 512 bytes of ASCII");
    one.what.body = from.text("body").value_or("");
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

result<pending_event, line_fault> read_line(std::string_view line) {
    if (auto malformed = find_malformed_json(line)) return line_fault{.malformed = std::move(malformed)};
    line_members members;
    nlohmann::json::sax_parse(line, &members);
    if (!members.is_object()) return line_fault{.errors = {{"", "is no JSON object in one line"}}};
    line_reader from(members);
    auto one = read_members(from);
    if (!from.errors.empty()) return line_fault{.errors = std::move(from.errors)};
    return one;
}

}  // namespace posthaste
