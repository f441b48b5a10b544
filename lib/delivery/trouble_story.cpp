#include "lib/delivery/trouble_story.hpp"

#include <algorithm>
#include <utility>

#include "lib/base/quantity.hpp"
#include "lib/delivery/trouble_text.hpp"

namespace posthaste {

namespace {

std::string said(backlog left) {
    if (left.more && left.waiting == 0) return "events wait";
    const std::string many = left.more || left.waiting != 1 ? " events wait" : " event waits";
    return (left.more ? "more than " : "") + grouped(left.waiting) + many;
}

std::string said(std::uint64_t held_back) {
    if (held_back == 0) return "";
    return " (" + grouped(held_back) + (held_back == 1 ? " such line" : " such lines") +
           " held back since the last one)";
}

// The line begins with "delivery is failing" already.
std::string reason_of(const upstream_report& report) {
    constexpr std::string_view repeated = "failing: ";
    std::string reason = report.reason.value_or("");
    return reason.starts_with(repeated) ? reason.substr(repeated.size()) : reason;
}

trouble_story::line paused(const upstream_report& report, backlog left) {
    const std::string next = report.next_probe_at ? "the next probe goes out at " + to_rfc3339(*report.next_probe_at)
                                                  : "nothing is sent until then";
    return {true, "delivery is paused: " + reason_of(report) + "; " + said(left) + "; " + next};
}

// `what`: how often that came. `over`: and nothing else is the matter.
trouble_story::line past(const std::string& what, std::uint64_t times, bool over, const std::string& last) {
    return {true, what + " " + grouped(times) + (times == 1 ? " more time" : " more times") +
                      " since the last such line" + (over ? ", and it is over" : "") + "; the last reason: " + last};
}

}  // namespace

trouble_story::lines trouble_story::attempt_failed(const attempt_outcome& outcome, backlog left, steady_time now) {
    failing_ = true;
    failures_.last = trouble_text(outcome);
    const auto held_back = failures_.guard.admit(now);
    if (!held_back) return {};
    return {fails(left, *held_back)};
}

trouble_story::lines trouble_story::delivered() {
    failing_ = false;
    if (!std::exchange(in_trouble_, false)) return {};
    return {{false, "the upstream takes events again; what waits is sent in its order"}};
}

trouble_story::lines trouble_story::state_changed(const upstream_report& report, backlog left, steady_time now) {
    const std::string before = std::exchange(state_, report.state);
    // It answered, were it that it rejects this one event. The end of a hold is only the end of a time.
    if (state_ == "up" && before == "open") return delivered();
    if (state_ == "paused") return {paused(report, left)};
    lines told;
    if (before == "paused") told.push_back({false, "delivery is no longer paused; " + said(left)});
    if (state_ == "up") return told;
    if (state_ == "open") failures_.guard.forget();  // they led to this
    repeated& kind = state_ == "held" ? holds_ : openings_;
    kind.last = reason_of(report);
    if (const auto held_back = kind.guard.admit(now)) told.push_back(begins(report, left, *held_back));
    return told;
}

std::optional<steady_time> trouble_story::due() const {
    std::optional<steady_time> first;
    for (const repeated* each : {&failures_, &holds_, &openings_}) {
        const auto next = each->guard.due();
        if (next && (!first || *next < *first)) first = next;
    }
    return first;
}

trouble_story::lines trouble_story::held_back(const upstream_report& report, backlog left, steady_time now) {
    lines told;
    const bool over = report.state == "up" && !failing_;
    const auto tell = [&](repeated& kind, bool stands, const std::string& was, const auto& present) {
        const auto next = kind.guard.due();
        if (!next || *next > now) return;
        const std::uint64_t times = *kind.guard.admit(now);
        told.push_back(stands ? present(times - 1) : past(was, times, over, kind.last));
    };
    const auto begin = [&](std::uint64_t others) { return begins(report, left, others); };
    tell(failures_, failing_ && report.state == "up", "attempts failed",
         [&](std::uint64_t others) { return fails(left, others); });
    tell(holds_, report.state == "held", "delivery was held back", begin);
    tell(openings_, report.state == "open", "delivery was failing", begin);
    return told;
}

trouble_story::line trouble_story::fails(backlog left, std::uint64_t held_back) {
    in_trouble_ = true;
    return {true, failures_.last + "; " + said(left) + "; retrying" + said(held_back)};
}

trouble_story::line trouble_story::begins(const upstream_report& report, backlog left, std::uint64_t held_back) {
    in_trouble_ = true;
    const bool held = report.state == "held";
    return {true, std::string("delivery is ") + (held ? "held back: " : "failing: ") + reason_of(report) + "; " +
                      said(left) + (held ? "; goes on at " : "; the next probe goes out at ") +
                      to_rfc3339(report.next_probe_at.value_or(wall_time{})) + said(held_back)};
}

}  // namespace posthaste
