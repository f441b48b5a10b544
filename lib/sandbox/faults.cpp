#include "lib/sandbox/faults.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>

#include "lib/base/located_json.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr milliseconds longest_delay = std::chrono::minutes{10};
constexpr seconds longest_retry_after = std::chrono::hours{24};

const std::array<std::string, 7> member_names = {"fail_rate", "status",    "retry_after", "latency",
                                                 "jitter",    "drop_rate", "close_rate"};

// Reads the members of one object and collects what is wrong with them.
class fault_reader {
  public:
    explicit fault_reader(const located_json& root) : root_(root) {}

    void rate(const char* name, double& into) {
        if (const located_json* found = find_number(name)) into = found->number;
    }

    void whole(const char* name, std::int64_t& into) {
        const located_json* found = root_.find(name);
        if (!found) return;
        if (found->type == located_json::kind::integer)
            into = found->integer;
        else
            expected(name, "a whole number", *found);
    }

    void optional_seconds(const char* name, std::optional<seconds>& into) {
        const located_json* found = root_.find(name);
        if (!found || found->type == located_json::kind::null) return;
        if (found->type == located_json::kind::integer)
            into = seconds{found->integer};
        else
            expected(name, "a whole number of seconds or null", *found);
    }

    void duration(const char* name, milliseconds& into) {
        const located_json* found = root_.find(name);
        if (!found) return;
        const auto parsed = found->type == located_json::kind::string ? parse_duration(found->string) : std::nullopt;
        if (parsed)
            into = *parsed;
        else
            expected(name, "a duration such as \"50ms\" or \"2s\"", *found);
    }

    void refuse_unknown() {
        for (const auto& member : root_.members) {
            if (std::find(member_names.begin(), member_names.end(), member.name) != member_names.end()) continue;
            std::string text = "\"" + printable(member.name, 64) + "\" is no fault";
            if (const auto near = closest_match(member.name, member_names))
                text += " (did you mean \"" + *near + "\"?)";
            problems.push_back(std::move(text));
        }
    }

    std::vector<std::string> problems;

  private:
    const located_json* find_number(const char* name) {
        const located_json* found = root_.find(name);
        if (!found) return nullptr;
        if (found->type == located_json::kind::integer || found->type == located_json::kind::number) return found;
        expected(name, "a number from 0 to 1", *found);
        return nullptr;
    }

    void expected(const char* name, const char* what, const located_json& found) {
        problems.push_back(std::string(name) + ": expected " + what + ", found " + std::string(found.described()));
    }

    const located_json& root_;
};

bool happens(double rate, std::uint64_t random) {
    const double drawn = static_cast<double>(random >> 11) * 0x1.0p-53;  // [0, 1)
    return drawn < rate;
}

std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.15g", value);
    return text;
}

}  // namespace

std::vector<std::string> check_faults(const fault_settings& faults) {
    std::vector<std::string> problems;
    const auto rate = [&](const char* name, double value) {
        if (!(value >= 0 && value <= 1)) problems.push_back(std::string(name) + ": expected a number from 0 to 1");
    };
    const auto delay = [&](const char* name, milliseconds value) {
        if (value > longest_delay) problems.push_back(std::string(name) + ": expected at most 10m");
    };
    rate("fail_rate", faults.fail_rate);
    if (faults.status < 400 || faults.status > 599) problems.emplace_back("status: expected 400 to 599");
    if (faults.retry_after && (*faults.retry_after < seconds{0} || *faults.retry_after > longest_retry_after))
        problems.emplace_back("retry_after: expected 0 to 86400 seconds");
    delay("latency", faults.latency);
    delay("jitter", faults.jitter);
    rate("drop_rate", faults.drop_rate);
    rate("close_rate", faults.close_rate);
    return problems;
}

result<fault_settings, std::vector<std::string>> parse_faults(std::string_view json) {
    const auto root = parse_located_json(json);
    if (!root) {
        const located_fault& fault = root.error();
        return std::vector<std::string>{"line " + std::to_string(fault.where.line) + ", column " +
                                        std::to_string(fault.where.column) + ": " + fault.what};
    }
    if (root->type != located_json::kind::object)
        return std::vector<std::string>{"expected an object, found " + std::string(root->described())};

    fault_settings faults;
    std::int64_t status = faults.status;
    fault_reader read(*root);
    read.rate("fail_rate", faults.fail_rate);
    read.whole("status", status);
    read.optional_seconds("retry_after", faults.retry_after);
    read.duration("latency", faults.latency);
    read.duration("jitter", faults.jitter);
    read.rate("drop_rate", faults.drop_rate);
    read.rate("close_rate", faults.close_rate);
    read.refuse_unknown();
    faults.status = static_cast<unsigned>(std::clamp<std::int64_t>(status, 0, 1000));

    const auto impossible = check_faults(faults);
    read.problems.insert(read.problems.end(), impossible.begin(), impossible.end());
    if (!read.problems.empty()) return std::move(read.problems);
    return faults;
}

std::string faults_json(const fault_settings& faults) {
    std::string out = "{\"fail_rate\": " + number_text(faults.fail_rate);
    out += ", \"status\": " + std::to_string(faults.status);
    out += ", \"retry_after\": " + (faults.retry_after ? std::to_string(faults.retry_after->count()) : "null");
    out += ", \"latency\": " + json_quote(duration_text(faults.latency));
    out += ", \"jitter\": " + json_quote(duration_text(faults.jitter));
    out += ", \"drop_rate\": " + number_text(faults.drop_rate);
    out += ", \"close_rate\": " + number_text(faults.close_rate) + "}";
    return out;
}

fault_decision decide_fault(const fault_settings& faults, const std::function<std::uint64_t()>& random) {
    const std::uint64_t fail = random();
    const std::uint64_t drop = random();
    const std::uint64_t close = random();
    const std::uint64_t spread = random();

    fault_decision decision;
    if (happens(faults.fail_rate, fail))
        decision.what = fault_decision::kind::fail;
    else if (happens(faults.drop_rate, drop))
        decision.what = fault_decision::kind::drop;
    else if (happens(faults.close_rate, close))
        decision.what = fault_decision::kind::close;

    const auto range = static_cast<std::uint64_t>(2 * faults.jitter.count() + 1);
    const milliseconds offset{static_cast<std::int64_t>(spread % range)};
    decision.delay = std::max(milliseconds{0}, faults.latency - faults.jitter + offset);
    return decision;
}

}  // namespace posthaste
