#include "lib/config/reload.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/config/keys.hpp"
#include "lib/config/rules.hpp"

namespace posthaste {

namespace {

constexpr std::array<std::string_view, 2> fixed_keys = {"listen.addresses", "queue.path"};

bool is_fixed(std::string_view key) {
    return std::find(fixed_keys.begin(), fixed_keys.end(), key) != fixed_keys.end();
}

// What a fresh load found in order may be out of order beside a fixed key's present value.
config_problems problems_beside_fixed(const settings& effective) {
    config_problems problems;
    for (const auto& rule : config_rules()) {
        const auto fixed = std::find_if(rule.keys.begin(), rule.keys.end(), is_fixed);
        if (fixed == rule.keys.end()) continue;
        if (const auto violation = rule.violation(effective)) {
            problems.push_back(
                {rule.keys.front() + ": " + *violation + " (" + *fixed + " keeps its present value until a restart)"});
        }
    }
    return problems;
}

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
        text += names[i];
    }
    return text;
}

// Files whose names stayed: what they hold may be new all the same.
std::string files_read_anew(const reload_plan& plan) {
    const auto& upstream = plan.effective.upstream;
    const std::array<std::pair<const char*, const std::optional<std::string>*>, 3> files = {
        {{"upstream.ca_file", &upstream.ca_file},
         {"upstream.client_certificate_file", &upstream.client_certificate_file},
         {"upstream.client_key_file", &upstream.client_key_file}}};
    std::vector<std::string> names;
    for (const auto& [key, file] : files) {
        const bool other = std::find(plan.changed.begin(), plan.changed.end(), key) != plan.changed.end();
        if (*file && !other) names.emplace_back(key);
    }
    if (names.empty()) return {};
    return "; " + listed(names) + (names.size() == 1 ? " was read anew" : " were read anew");
}

}  // namespace

result<reload_plan, config_problems> plan_reload(const settings& in_force, settings loaded) {
    reload_plan plan;
    settings_draft before{in_force};
    settings_draft after{std::move(loaded)};
    for (const auto& key : config_keys()) {
        if (key.same(before, after)) continue;
        (is_fixed(key.path) ? plan.need_restart : plan.changed).push_back(key.path);
    }
    plan.new_api_key = before.values.upstream.api_key != after.values.upstream.api_key;
    plan.new_tokens = before.values.listen.tokens != after.values.listen.tokens;
    plan.effective = std::move(after.values);
    plan.effective.listen.addresses = in_force.listen.addresses;
    plan.effective.queue.path = in_force.queue.path;
    if (!plan.need_restart.empty()) {
        if (auto problems = problems_beside_fixed(plan.effective); !problems.empty()) return problems;
    }
    return plan;
}

std::string restart_text(const reload_plan& plan) {
    if (plan.need_restart.empty()) return {};
    return listed(plan.need_restart) + (plan.need_restart.size() == 1 ? " needs a restart" : " need a restart");
}

std::string to_text(const reload_plan& plan) {
    auto changed = plan.changed;
    if (plan.new_api_key) changed.emplace_back("the API key");
    if (plan.new_tokens) changed.emplace_back("the access tokens");
    std::string text = changed.empty() ? "nothing changed" : listed(changed) + " changed";
    text += files_read_anew(plan);
    if (plan.need_restart.empty()) return text;
    const bool one = plan.need_restart.size() == 1;
    return text + "; " + restart_text(plan) +
           (one ? " and keeps its value until then" : " and keep their values until then");
}

}  // namespace posthaste
