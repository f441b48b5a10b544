#include "lib/config/reload.hpp"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/support.hpp"

namespace posthaste {
namespace {

using test::loaded;
using test::scratch_folder;
using test::with_url;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string plain = R"({"upstream": {"url": "https://api.example.com"}})";

reload_plan planned(const settings& in_force, const settings& fresh) {
    auto plan = plan_reload(in_force, fresh);
    if (plan) return *std::move(plan);
    ADD_FAILURE() << plan.error().front().text;
    return {};
}

// For each key a value that is not its default, written as JSON.
std::map<std::string, std::string> other_values(const scratch_folder& folder) {
    const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
    folder.write("events/a.json", R"({"event": "From The Folder", "schema": {}})");
    return {
        {"listen.addresses", R"(["127.0.0.1:8999"])"},
        {"listen.allow_remote", "true"},
        {"listen.access_tokens_file", quoted(folder.write("tokens", "app one"))},
        {"listen.allowed_hosts", R"(["posthaste.internal"])"},
        {"limits.body", R"("2MiB")"},
        {"limits.batch_body", R"("2MiB")"},
        {"limits.batch_events", "5"},
        {"limits.connections", "7"},
        {"queue.path", R"("/elsewhere/outbox.db")"},
        {"queue.durability", R"("process")"},
        {"queue.max_events", "77"},
        {"queue.max_bytes", R"("1GiB")"},
        {"queue.disk_reserve", R"("1MiB")"},
        {"queue.keep_delivered", R"("1h")"},
        {"queue.keep_dead", R"("1h")"},
        {"upstream.url", R"("https://other.example")"},
        {"upstream.api_version", R"("2023-12")"},
        {"upstream.api_key_file", quoted(folder.write("key", "another-key"))},
        {"upstream.allow_plain_http", "true"},
        {"upstream.ca_file", quoted(folder.write("ca.pem", "-----BEGIN CERTIFICATE-----"))},
        {"upstream.client_certificate_file", quoted(folder.write("client.pem", "-----BEGIN CERTIFICATE-----"))},
        {"upstream.client_key_file", quoted(folder.write("client.key", "-----BEGIN PRIVATE KEY-----"))},
        {"upstream.proxy", R"("http://proxy.example:3128")"},
        {"upstream.connect_timeout", R"("1s")"},
        {"upstream.response_timeout", R"("1s")"},
        {"upstream.max_concurrency", "3"},
        {"upstream.rate_limit", "50"},
        {"delivery.ordering", R"("none")"},
        {"delivery.retry.initial", R"("2s")"},
        {"delivery.retry.max", R"("1m")"},
        {"delivery.retry.max_age", R"("1d")"},
        {"delivery.reject_guard", "0"},
        {"delivery.statuses", R"({"409": "delivered"})"},
        {"identify.max_age", R"("2h")"},
        {"events", R"({"A": {"a": "String"}})"},
        {"events_dir", quoted(folder.path() + "/events")},
        {"schemas", R"("off")"},
        {"unknown_events", R"("reject")"},
        {"unknown_fields", R"("reject")"},
        {"log.level", R"("debug")"},
        {"log.format", R"("json")"},
    };
}

TEST(reload, sees_a_change_of_every_key) {
    const scratch_folder folder;
    const auto others = other_values(folder);
    const auto before = loaded(plain);
    for (const auto& key : known_config_keys()) {
        SCOPED_TRACE(key);
        const auto other = others.find(key);
        ASSERT_NE(other, others.end()) << "give the new key another value here";
        std::vector<config_override> given{{key, other->second}};
        if (key.starts_with("upstream.client_")) {  // one goes with the other
            for (const char* each : {"upstream.client_certificate_file", "upstream.client_key_file"})
                if (each != key) given.push_back({each, others.at(each)});
        }
        const auto plan = planned(before, loaded(plain, given));
        const bool fixed = key == "queue.path" || key == "listen.addresses";
        EXPECT_NE(std::ranges::count(fixed ? plan.need_restart : plan.changed, key), 0);
        EXPECT_THAT(fixed ? plan.changed : plan.need_restart, IsEmpty());
        EXPECT_EQ(plan.new_api_key, key == "upstream.api_key_file");
        EXPECT_EQ(plan.new_tokens, key == "listen.access_tokens_file");
    }
}

TEST(reload, sees_nothing_where_nothing_changed) {
    const auto text = with_url(R"("events": {"A": {"a": "String", "tags?": ["String"], "b": {"c": "Date?"}}})");
    const auto plan = planned(loaded(text), loaded(text));
    EXPECT_THAT(plan.changed, IsEmpty());
    EXPECT_THAT(plan.need_restart, IsEmpty());
    EXPECT_FALSE(plan.new_api_key);
    EXPECT_EQ(to_text(plan), "nothing changed");
}

TEST(reload, says_which_certificates_were_read_anew_under_the_same_name) {
    const scratch_folder folder;
    const std::string a_certificate = "-----BEGIN CERTIFICATE-----\n";
    const std::vector<config_override> one{{"upstream.ca_file", folder.write("ca.pem", a_certificate)}};
    EXPECT_EQ(to_text(planned(loaded(plain, one), loaded(plain, one))),
              "nothing changed; upstream.ca_file was read anew");
    EXPECT_EQ(to_text(planned(loaded(plain), loaded(plain, one))), "upstream.ca_file changed");
}

TEST(reload, sees_other_tokens_in_the_same_file) {
    const scratch_folder folder;
    const auto text = with_url(R"("listen": {"access_tokens_file": ")" + folder.write("tokens", "app one") + "\"}");
    const auto before = loaded(text);
    folder.write("tokens", "operator one");
    const auto plan = planned(before, loaded(text));
    EXPECT_TRUE(plan.new_tokens);
    EXPECT_EQ(to_text(plan), "the access tokens changed");
    EXPECT_EQ(plan.effective.listen.tokens.front().scope, access_scope::operators);
}

TEST(reload, looks_into_the_schemas) {
    const auto with_schema = [](const std::string& schema) {
        return loaded(with_url(R"("events": {"A": )" + schema + "}"));
    };
    const auto before = with_schema(R"({"tags?": ["String"], "b": {"c": "Date?"}})");
    for (const std::string other :
         {R"({"tags?": ["Integer"], "b": {"c": "Date?"}})", R"({"tags": "Array?", "b": {"c": "Date?"}})",
          R"({"tags": ["String"], "b": {"c": "Date?"}})", R"({"tags?": ["String"], "b": {"c": "Date"}})",
          R"({"tags?": ["String"], "b": {"d": "Date?"}})", R"({"tags?": ["String"], "b": "Object"})"}) {
        EXPECT_THAT(planned(before, with_schema(other)).changed, ElementsAre("events")) << other;
    }
}

TEST(reload, sees_a_new_key_in_the_same_place_and_never_shows_it) {
    const auto before = loaded(plain);
    const auto plan = planned(before, loaded(plain, {}, {{"POSTHASTE_API_KEY", "rotated-key"}}));
    EXPECT_TRUE(plan.new_api_key);
    EXPECT_EQ(plan.effective.upstream.api_key, "rotated-key");
    EXPECT_EQ(to_text(plan), "the API key changed");
}

TEST(reload, keeps_what_needs_a_restart_and_takes_the_rest) {
    const auto before = loaded(plain);
    const auto fresh = loaded(plain, {{"listen.addresses", R"(["127.0.0.1:8999"])"},
                                      {"listen.allowed_hosts", R"(["other.example"])"},
                                      {"queue.path", "/elsewhere.db"},
                                      {"limits.body", "2MiB"},
                                      {"log.level", "warn"}});
    const auto plan = planned(before, fresh);
    EXPECT_EQ(plan.effective.listen.addresses, before.listen.addresses);
    EXPECT_EQ(plan.effective.queue.path, before.queue.path);
    EXPECT_THAT(plan.effective.listen.allowed_hosts, ElementsAre("other.example"));
    EXPECT_EQ(plan.effective.limits.body, 2 * MiB);
    EXPECT_EQ(to_text(plan),
              "listen.allowed_hosts, limits.body and log.level changed; listen.addresses and queue.path need a restart "
              "and keep their values until then");
    // What is in force is what a later reload is held against.
    EXPECT_THAT(planned(plan.effective, fresh).need_restart, ElementsAre("listen.addresses", "queue.path"));
    EXPECT_THAT(planned(plan.effective, fresh).changed, IsEmpty());
}

TEST(reload, refuses_an_upstream_that_is_still_listened_on) {
    const auto before = loaded(plain);
    const auto plan = plan_reload(before, loaded("{}", {{"listen.addresses", R"(["127.0.0.1:8999"])"},
                                                        {"upstream.url", "http://127.0.0.1:8650"}}));
    ASSERT_FALSE(plan);
    ASSERT_EQ(plan.error().size(), 1U);
    EXPECT_THAT(plan.error()[0].text, HasSubstr("upstream.url: is an address of listen.addresses"));
    EXPECT_THAT(plan.error()[0].text, HasSubstr("(listen.addresses keeps its present value until a restart)"));
}

}  // namespace
}  // namespace posthaste
