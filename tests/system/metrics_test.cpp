// GET /metrics: what is told after a known story, and that the alert rules, the dashboard and the README speak of it.

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using samples = std::map<std::string, double>;  // by name and labels

std::string metrics_text(const daemon_under_test& daemon) {
    const auto answer = http_call(daemon.port(), "GET", "/metrics");
    if (!answer || answer->status != 200) {
        ADD_FAILURE() << "no metrics: " << (answer ? answer->head : "no answer") << daemon.log();
        return {};
    }
    EXPECT_EQ(answer->header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    return answer->body;
}

samples samples_of(const std::string& text) {
    samples found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('#')) continue;
        const std::size_t value = line.rfind(' ');
        found[line.substr(0, value)] = std::stod(line.substr(value + 1));
    }
    return found;
}

samples metrics_of(const daemon_under_test& daemon) {
    return samples_of(metrics_text(daemon));
}

// Those of one family, by what stands behind its name.
samples family(const samples& all, const std::string& name) {
    samples found;
    for (const auto& [key, value] : all)
        if (key.starts_with(name + "{")) found[key.substr(name.size())] = value;
    return found;
}

std::string read_file(const std::string& path) {
    std::ifstream file(std::string(POSTHASTE_SOURCE_DIR) + "/" + path);
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_FALSE(text.str().empty()) << path;
    return text.str();
}

std::set<std::string> found_in(const std::string& text, const std::string& pattern, int group = 0) {
    std::set<std::string> found;
    const std::regex wanted(pattern);
    for (std::sregex_token_iterator each(text.begin(), text.end(), wanted, group), end; each != end; ++each)
        found.insert(*each);
    return found;
}

finished promtool(std::vector<std::string> arguments, std::string input = {}) {
    arguments.insert(arguments.begin(), "/usr/bin/promtool");
    return run_to_end({std::move(arguments), {}, {}, std::move(input)});
}

void expect_nothing_to_say(const std::string& text) {
    const finished checked = promtool({"check", "metrics"}, text);
    EXPECT_EQ(checked.status, 0);
    EXPECT_EQ(checked.output + checked.error, "");
}

std::string event_named(const std::string& name, const std::string& user) {
    return R"({"event": ")" + name + R"(", "userId": ")" + user + R"(", "data": {"n": 1}})";
}

const json one_event = {{"events", {{"Ticket Created", {{"ticketName", "String"}}}}}};

// Three events are delivered at once, one at its third attempt, two names are not configured, one is rejected by the
// upstream; and requests are refused in all the ways that count, and in some that do not.
struct metrics : testing::Test {
    metrics() {
        upstream.start();
        upstream.answer_where("\"userId\": \"unlucky\"", {answers(503, 2), answers(200)});
        upstream.answer_where("\"userId\": \"refused\"", {answers(422)});
        daemon.configure(one_event);
        daemon.start();
    }

    int call(std::string_view method, std::string_view path, const http_headers& headers, std::string_view body) const {
        const auto answer = http_call(daemon.port(), method, path, headers, body);
        return answer ? answer->status : 0;
    }

    int post(std::string_view body, http_headers headers = {}, std::string_view path = "/run/event") const {
        headers.emplace_back("Content-Type", "application/json");
        return call("POST", path, headers, body);
    }

    void tell_the_story() {
        daemon.post(sample_event("10101"));
        daemon.post(sample_event("unlucky"), "/2023-12/run/event");
        EXPECT_EQ(
            post("[" + sample_event("10102") + "," + event_named("Something Else", "10103") + "]", {}, "/run/events"),
            202);
        daemon.post(event_named("Another \\u0022One\\u0022", "10104"));
        EXPECT_EQ(post(sample_event("refused"), {{"Prefer", "wait=30"}}), 502);
        refuse();
        ASSERT_TRUE(daemon.wait_until_drained()) << daemon.log();
    }

    void refuse() const {
        EXPECT_EQ(post("{"), 400);
        EXPECT_EQ(post("{}"), 422);
        EXPECT_EQ(post("{}", {}, "/2023-12/run/event"), 422);
        EXPECT_EQ(post(R"({"event": "Ticket Created", "userId": "1", "data": {}})"), 422);
        EXPECT_EQ(post("[{}]", {}, "/run/events"), 422);
        EXPECT_EQ(call("POST", "/run/event", {{"Content-Type", "text/plain"}}, "{}"), 415);
        EXPECT_EQ(post("{}", {{"Content-Length", "9999999"}}), 413);
        EXPECT_EQ(post("{}", {{"Host", "posthaste.example"}}), 421);
        EXPECT_EQ(post("{}", {{"Origin", "https://web.example"}}), 403);
        // What does not count.
        EXPECT_EQ(post("{}", {{"Content-Length", "2"}, {"Content-Length", "2"}}), 400);
        EXPECT_EQ(call("GET", "/run/event", {}, ""), 405);
        EXPECT_EQ(post("{}", {}, "/run/nothing"), 404);
        EXPECT_EQ(post("nothing", {}, "/v1/import"), 415);
    }

    upstream_process upstream;
    daemon_under_test daemon{upstream.url()};
};

TEST_F(metrics, of_a_daemon_at_rest_have_every_family_without_labels_at_0) {
    const std::string text = metrics_text(daemon);
    expect_nothing_to_say(text);
    const samples all = samples_of(text);
    for (const auto name : {"posthaste_events_discarded_total", "posthaste_events_purged_total",
                            "posthaste_queue_bytes", "posthaste_queue_oldest_event_age_seconds",
                            "posthaste_accept_duration_seconds_count", "posthaste_commit_duration_seconds_count",
                            "posthaste_commit_events_count", "posthaste_delivery_duration_seconds_count",
                            "posthaste_end_to_end_latency_seconds_count", "posthaste_upstream_connections"}) {
        ASSERT_TRUE(all.contains(name)) << name;
        EXPECT_EQ(all.at(name), 0.0) << name;
    }
    EXPECT_EQ(all.at("posthaste_queue_capacity_bytes"), daemon.status().at("queue").at("maxBytes").get<double>());
    EXPECT_EQ(all.at("posthaste_config_last_reload_success"), 1.0);
    EXPECT_EQ(all.at(R"(posthaste_upstream_state{state="up"})"), 1.0);
    EXPECT_GT(all.at("posthaste_upstream_concurrency_limit"), 0.0);
    EXPECT_GT(all.at("posthaste_wal_bytes"), 0.0);
    EXPECT_GT(all.at("posthaste_disk_free_bytes"), 0.0);
    EXPECT_THAT(text,
                Not(testing::ContainsRegex("posthaste_(events_(accepted|rejected|delivered|dead)|delivery_attempts)")));
}

TEST_F(metrics, tell_of_the_process) {
    const samples all = metrics_of(daemon);
    const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_GT(all.at("process_start_time_seconds"), now - 3600)
        << "the clock of the system's start may differ a little";
    EXPECT_LT(all.at("process_start_time_seconds"), now + 5);
    EXPECT_TRUE(all.contains("process_cpu_seconds_total"));
    EXPECT_GT(all.at("process_resident_memory_bytes"), 1e6);
    EXPECT_GT(all.at("process_virtual_memory_bytes"), all.at("process_resident_memory_bytes"));
    EXPECT_GT(all.at("process_max_fds"), all.at("process_open_fds"));
    const std::string files = "/proc/" + std::to_string(daemon.running().id()) + "/fd";
    const auto held = std::distance(std::filesystem::directory_iterator(files), std::filesystem::directory_iterator{});
    const double and_the_connection = 1;  // which may be gone by now
    EXPECT_GE(all.at("process_open_fds"), static_cast<double>(held));
    EXPECT_LE(all.at("process_open_fds"), static_cast<double>(held) + and_the_connection);
}

// The shipped unit shows the service no more of /proc than its processes (ProcSubset=pid).
TEST(metrics_of_a_service, tell_when_the_process_began) {
    daemon_under_test daemon;
    daemon.run_under({"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                      "mount -t proc -o subset=pid proc /proc && test ! -e /proc/stat && exec \"$@\"", "sh"});
    const bool started = daemon.try_start();
    if (!started && daemon.log().find("mount") != std::string::npos)
        GTEST_SKIP() << "NOT TESTED with a part of /proc: " << daemon.log();
    ASSERT_TRUE(started) << daemon.log();
    EXPECT_TRUE(metrics_of(daemon).contains("process_start_time_seconds"));
}

TEST_F(metrics, add_up_after_a_known_story) {
    tell_the_story();
    const std::string text = metrics_text(daemon);
    expect_nothing_to_say(text);
    const samples all = samples_of(text);
    EXPECT_EQ(family(all, "posthaste_events_accepted_total"),
              (samples{{R"({event="Ticket Created"})", 4}, {R"({event="other"})", 2}}));
    EXPECT_EQ(family(all, "posthaste_events_delivered_total"),
              (samples{{R"({event="Ticket Created"})", 3}, {R"({event="other"})", 2}}));
    EXPECT_EQ(family(all, "posthaste_events_dead_total"),
              (samples{{R"({event="Ticket Created",reason="rejected"})", 1}}));
    EXPECT_EQ(family(all, "posthaste_delivery_attempts_total"), (samples{{R"({outcome="delivered",status="200"})", 5},
                                                                         {R"({outcome="dead",status="422"})", 1},
                                                                         {R"({outcome="retry",status="503"})", 2}}));
    EXPECT_EQ(family(all, "posthaste_events_rejected_total"), (samples{{R"({reason="malformed-json"})", 1},
                                                                       {R"({reason="invalid-event"})", 3},
                                                                       {R"({reason="schema-mismatch"})", 1},
                                                                       {R"({reason="unsupported-media-type"})", 1},
                                                                       {R"({reason="body-too-large"})", 1},
                                                                       {R"({reason="misdirected-request"})", 1},
                                                                       {R"({reason="cross-origin"})", 1}}));
    EXPECT_EQ(family(all, "posthaste_queue_events"), (samples{{R"({state="waiting"})", 0},
                                                              {R"({state="in_flight"})", 0},
                                                              {R"({state="retrying"})", 0},
                                                              {R"({state="dead"})", 1}}));
    EXPECT_EQ(all.at("posthaste_accept_duration_seconds_count"), 4) << "requests, without the one that waited";
    EXPECT_EQ(all.at("posthaste_delivery_duration_seconds_count"), 8);
    EXPECT_EQ(all.at("posthaste_end_to_end_latency_seconds_count"), 5);
    EXPECT_EQ(all.at("posthaste_commit_events_sum"), 6 + 8) << "stored, and what became of each attempt";
    EXPECT_EQ(all.at("posthaste_commit_events_count"), all.at("posthaste_commit_duration_seconds_count"));
    EXPECT_GT(all.at("posthaste_upstream_connections"), 0) << "they are kept for a while";
    EXPECT_EQ(all.at("posthaste_queue_bytes"), daemon.status().at("queue").at("bytes").get<double>());
}

TEST_F(metrics, are_what_alerts_dashboard_and_readme_speak_of) {
    tell_the_story();
    const std::string text = metrics_text(daemon);
    const auto shown = found_in(text, R"(\n([a-z_]+)[{ ])", 1);
    for (const auto file : {"config/prometheus-alerts.yaml", "config/grafana-dashboard.json"}) {
        const auto named = found_in(read_file(file), R"(\b(posthaste|process)_[a-z_]+)");
        EXPECT_GT(named.size(), 5U) << file;
        for (const std::string& name : named)
            EXPECT_TRUE(shown.contains(name)) << name << ", which stands in " << file << ", is not told by /metrics";
    }
    EXPECT_EQ(found_in(text, R"(# TYPE (posthaste_[a-z_]+))", 1),
              found_in(read_file("README.md"), R"(\bposthaste_[a-z_]+)"))
        << "what is told, and what the README says of it";
}

TEST_F(metrics, divide_what_is_pending_into_what_waits_is_in_flight_and_waits_for_a_retry) {
    daemon.configure({{"delivery", {{"retry", {{"initial", "1h"}, {"max", "1h"}}}}}});
    daemon.restart();
    upstream.answer_where("\"userId\": \"retried-later\"", {answers(503)});
    const std::string failed = daemon.post(sample_event("retried-later"));
    ASSERT_TRUE(wait_until([&] { return daemon.event(failed).at("attempts") == 1; })) << daemon.log();
    upstream.answer_with({does(answer_step::kind::silent)});
    for (int user = 0; user < 10; ++user)
        daemon.post(sample_event("user-" + std::to_string(user)));
    const auto asked_for = [&] { return daemon.status().at("upstream").at("concurrency").get<double>(); };
    const auto in_flight = [&] { return metrics_of(daemon).at(R"(posthaste_queue_events{state="in_flight"})"); };
    ASSERT_TRUE(wait_until([&] { return in_flight() == asked_for(); })) << daemon.status();
    const samples all = metrics_of(daemon);
    const auto states = family(all, "posthaste_queue_events");
    EXPECT_EQ(states.at(R"({state="retrying"})"), 1.0);
    EXPECT_EQ(states.at(R"({state="in_flight"})"), asked_for());
    EXPECT_EQ(states.at(R"({state="waiting"})"), 10 - asked_for());
    EXPECT_EQ(daemon.status().at("queue").at("pending"), 11);
    EXPECT_EQ(all.at("posthaste_upstream_concurrency_limit"), asked_for());
    daemon.kill9();  // it would wait for the answers
}

TEST_F(metrics, tell_a_pause_and_its_attempts) {
    upstream.answer_with({answers(401)});
    daemon.post(sample_event());
    ASSERT_FALSE(daemon.wait_for_upstream("paused").is_null()) << daemon.log();
    const samples all = metrics_of(daemon);
    EXPECT_EQ(family(all, "posthaste_delivery_attempts_total"), (samples{{R"({outcome="pause",status="401"})", 1}}));
    EXPECT_EQ(all.at(R"(posthaste_upstream_state{state="paused"})"), 1.0);
    EXPECT_EQ(all.at(R"(posthaste_upstream_state{state="up"})"), 0.0);
}

TEST_F(metrics, follow_a_reload_and_tell_one_that_was_refused) {
    daemon.post(sample_event());
    daemon.configure({{"events", {{"Ticket Created", nullptr}, {"Order Paid", {{"n", "Integer"}}}}}});
    daemon.running().signal(SIGHUP);
    ASSERT_TRUE(daemon.running().wait_for_output("configuration reloaded: ")) << daemon.log();
    daemon.post(sample_event());
    daemon.post(event_named("Order Paid", "1"));
    EXPECT_EQ(family(metrics_of(daemon), "posthaste_events_accepted_total"),
              (samples{{R"({event="Ticket Created"})", 1}, {R"({event="other"})", 1}, {R"({event="Order Paid"})", 1}}))
        << "a counter never goes back";
    daemon.configure({{"delivery", {{"ordering", "by_chance"}}}});
    daemon.running().signal(SIGHUP);
    EXPECT_TRUE(wait_until([&] { return metrics_of(daemon).at("posthaste_config_last_reload_success") == 0.0; }))
        << daemon.log();
}

TEST_F(metrics, are_for_operators_and_count_who_is_turned_away) {
    const auto tokens = daemon.folder().write("tokens", "app the-apps-token-1\noperator the-operators-token-1\n");
    daemon.configure({{"listen", {{"access_tokens_file", tokens}}}});
    daemon.restart();
    const http_headers app{{"Authorization", "Bearer the-apps-token-1"}};
    const http_headers operators{{"Authorization", "Bearer the-operators-token-1"}};
    EXPECT_EQ(call("GET", "/metrics", {}, ""), 401);
    EXPECT_EQ(call("GET", "/metrics", app, ""), 403);
    EXPECT_EQ(post(sample_event()), 401);
    EXPECT_EQ(post(sample_event(), app), 202);
    const auto told = http_call(daemon.port(), "GET", "/metrics", operators);
    ASSERT_TRUE(told);
    EXPECT_EQ(family(samples_of(told->body), "posthaste_events_rejected_total"),
              (samples{{R"({reason="unauthorized"})", 1}}));
    EXPECT_THAT(told->body, Not(HasSubstr("token")));
}

TEST(alert_rules, are_sound_and_fire_when_they_should) {
    const std::string source = POSTHASTE_SOURCE_DIR;
    const finished checked = promtool({"check", "rules", source + "/config/prometheus-alerts.yaml"});
    EXPECT_EQ(checked.status, 0) << checked.output << checked.error;
    const finished tested = promtool({"test", "rules", source + "/tests/system/prometheus/alerts_test.yaml"});
    EXPECT_EQ(tested.status, 0) << tested.output << tested.error;
}

// Grafana's own variables are replaced as Grafana does it.
TEST(grafana_dashboard, asks_only_what_prometheus_understands) {
    const json dashboard = json::parse(read_file("config/grafana-dashboard.json"));
    std::string rules = "groups:\n  - name: dashboard\n    rules:\n";
    int queries = 0;
    for (const json& panel : dashboard.at("panels"))
        for (const json& target : panel.at("targets")) {
            const std::string query =
                std::regex_replace(target.at("expr").get<std::string>(), std::regex(R"(\$__rate_interval)"), "5m");
            rules +=
                "      - record: query:" + std::to_string(++queries) + "\n        expr: " + json(query).dump() + "\n";
        }
    EXPECT_GT(queries, 20);
    const temp_folder folder;
    const finished checked = promtool({"check", "rules", folder.write("rules.yaml", rules)});
    EXPECT_EQ(checked.status, 0) << checked.output << checked.error << rules;
}

}  // namespace
}  // namespace posthaste
