#include "lib/http/by_hand_call.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/event/envelope.hpp"

namespace posthaste {
namespace {

using nlohmann::json;

constexpr std::string_view mark = "b1";  // says what follows, for the day when it is something else

class reader {
  public:
    explicit reader(by_hand_state state) : state_(state) {}

    void read(const json& body) {
        for (const auto& [name, value] : body.items())
            read_member(name, value);
        if (state_ == by_hand_state::as_given && !has_state_) fault("/state", "is missing: \"dead\" or \"pending\"");
        if (call_.which.reason && call_.which.state != event_state::dead)
            fault("/reason", "goes with dead events only: pending ones have none");
    }

    [[nodiscard]] result<by_hand_call, problem> take() {
        if (faults_.empty()) return std::move(call_);
        problem what{.status = 422, .name = "invalid-filter", .errors = std::move(faults_)};
        const field_error& first = what.errors.front();
        what.detail = "Nothing was done: " + (first.pointer.empty() ? "" : first.pointer + " ") + first.detail + ".";
        return what;
    }

    void fault(std::string pointer, std::string detail) { faults_.push_back({std::move(pointer), std::move(detail)}); }

  private:
    void read_member(const std::string& name, const json& value) {
        if (name == "event")
            read_text(name, value, call_.which.name);
        else if (name == "userId")
            read_text(name, value, call_.which.user_id);
        else if (name == "reason")
            read_reason(value);
        else if (name == "limit")
            read_limit(value);
        else if (name == "continue")
            read_progress(value);
        else if (name == "state" && state_ == by_hand_state::as_given)
            read_state(value);
        else
            fault("/" + pointer_token(printable(name, 100)), "is not known here");
    }

    void read_text(const std::string& name, const json& value, std::string& to) {
        if (value.is_string() && !value.get_ref<const std::string&>().empty())
            to = value.get<std::string>();
        else
            fault("/" + name, "must be a string that is not empty");
    }

    void read_reason(const json& value) {
        for (const auto reason : {death_reason::rejected, death_reason::expired, death_reason::damaged})
            if (value == to_string(reason)) call_.which.reason = reason;
        if (!call_.which.reason) fault("/reason", "must be rejected, expired or damaged");
    }

    void read_state(const json& value) {
        has_state_ = true;
        if (value == "dead" || value == "pending")
            call_.which.state = value == "dead" ? event_state::dead : event_state::pending;
        else
            fault("/state", "must be dead or pending");
    }

    void read_limit(const json& value) {
        const auto limit = value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
        if (limit >= 1)
            call_.limit = std::min<std::uint64_t>(limit, most_by_hand);
        else
            fault("/limit", "must be a whole number, 1 or more");
    }

    void read_progress(const json& value) {
        if (value.is_string()) call_.progress = parse_continuation(value.get_ref<const std::string&>());
        if (!call_.progress) fault("/continue", "must be the \"continue\" of an earlier answer");
    }

    by_hand_state state_;
    by_hand_call call_;
    bool has_state_ = false;
    std::vector<field_error> faults_;
};

}  // namespace

result<by_hand_call, problem> read_by_hand_call(std::string_view body, by_hand_state state) {
    if (body.empty()) body = "{}";
    // The parser would take a NUL byte for the end, and the last of two members for both.
    if (auto malformed = find_malformed_json(body)) return problem_of(*std::move(malformed));
    constexpr bool throwing = false;
    const json read = json::parse(body, nullptr, throwing);
    reader of(state);
    if (read.is_object())
        of.read(read);
    else
        of.fault("", "the body must be a JSON object such as {\"event\": \"Ticket Created\"}");
    return of.take();
}

std::string to_continuation(const by_hand_progress& progress) {
    const auto died_by = static_cast<std::uint64_t>(progress.died_by.time_since_epoch().count());
    std::string text(mark);
    for (const std::uint64_t each : {progress.after, progress.through, progress.left, died_by}) {
        char digits[20];
        const auto written = std::to_chars(digits, digits + sizeof digits, each, 16);
        text.append(text.size() == mark.size() ? "" : "-").append(digits, written.ptr);
    }
    return text;
}

std::optional<by_hand_progress> parse_continuation(std::string_view text) noexcept {
    if (!text.starts_with(mark)) return std::nullopt;
    text.remove_prefix(mark.size());
    std::array<std::uint64_t, 4> numbers{};
    for (std::size_t at = 0; at < numbers.size(); ++at) {
        const auto read = std::from_chars(text.data(), text.data() + text.size(), numbers[at], 16);
        if (read.ec != std::errc{}) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
        const bool last = at + 1 == numbers.size();
        if (last ? !text.empty() : !text.starts_with('-')) return std::nullopt;
        text.remove_prefix(last ? 0 : 1);
    }
    const auto [after, through, left, died_by] = numbers;
    if (after > max_sequence || through > max_sequence || died_by > (std::uint64_t{1} << 62)) return std::nullopt;
    return by_hand_progress{after, through, left, wall_time{milliseconds{static_cast<std::int64_t>(died_by)}}};
}

}  // namespace posthaste
