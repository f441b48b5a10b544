// A configuration is taken as a whole, or refused with all that is wrong. The input is the file.

#include <algorithm>

#include "lib/base/require.hpp"
#include "lib/base/url.hpp"
#include "lib/config/load.hpp"
#include "lib/config/reload.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/fuzz/text.hpp"

namespace posthaste {
namespace {

constexpr std::string_view key = "a-key-that-nobody-may-see";

result<settings, config_problems> load(const config_source& source) {
    return load_settings(source, [](const std::string& name) -> std::optional<std::string> {
        return name == "POSTHASTE_API_KEY" ? std::optional<std::string>(key) : std::nullopt;
    });
}

void judge_addresses(const settings& all) {
    REQUIRE(!all.listen.addresses.empty(), "something is listened on");
    const bool local = std::all_of(all.listen.addresses.begin(), all.listen.addresses.end(),
                                   [](const auto& each) { return each.is_unix() || is_loopback_host(each.host); });
    REQUIRE(local || (all.listen.allow_remote && all.listen.access_tokens_file && !all.listen.tokens.empty()),
            "other machines need a token");
}

void judge(const settings& all, const config_source& source) {
    judge_addresses(all);
    REQUIRE(!all.upstream.url.host.empty(), "there is an upstream");
    REQUIRE(all.upstream.url.tls || all.upstream.allow_plain_http || is_loopback_host(all.upstream.url.host),
            "the key crosses no network in the clear");
    REQUIRE(!all.upstream.api_key.empty(), "there is a key");
    REQUIRE(all.delivery.retry.initial > milliseconds{0} && all.delivery.retry.initial <= all.delivery.retry.max,
            "waits grow");
    REQUIRE(all.queue.max_bytes >= all.limits.body, "the largest event fits the queue");
    REQUIRE(all.limits.connections > 0 && all.upstream.max_concurrency > 0, "something can be connected");
    const auto first = load_client_address(source);
    REQUIRE(first.has_value() && *first == all.listen.addresses.front(), "a client finds the first address");
    auto again = load(source);
    REQUIRE(again.has_value(), "what was taken is taken again");
    const auto plan = plan_reload(all, *std::move(again));
    REQUIRE(plan.has_value() && plan->changed.empty() && plan->need_restart.empty(), "and changes nothing");
}

void judge(const config_problems& problems, std::string_view text) {
    REQUIRE(!problems.empty(), "what is refused has a problem");
    for (const config_problem& problem : problems) {
        REQUIRE(problem.text.starts_with("posthaste.json:"), "a problem names the file");
        REQUIRE(fuzz::is_clean_line(problem.text), "and is told in one clean line");
        REQUIRE(problem.text.find(key) == std::string::npos || text.find(key) != std::string_view::npos,
                "and does not show the key, unless it stands in the file itself");
    }
}

}  // namespace

void try_input(std::string_view input) {
    const config_source source{"posthaste.json", std::string(input), {}};
    const auto all = load(source);
    if (all) return judge(*all, source);
    judge(all.error(), input);
    if (const auto first = load_client_address(source); !first)
        REQUIRE(fuzz::is_clean_line(first.error().text), "a client's problem is told in one clean line");
}

}  // namespace posthaste
