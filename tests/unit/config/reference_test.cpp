// Holds config/posthaste.json, the annotated reference, against the code.

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "lib/base/located_json.hpp"
#include "lib/base/text.hpp"
#include "tests/unit/config/support.hpp"

namespace posthaste {
namespace {

using test::loaded;

const std::string reference_file = POSTHASTE_SOURCE_DIR "/config/posthaste.json";

std::string reference_text() {
    std::ostringstream text;
    text << std::ifstream(reference_file).rdbuf();
    return text.str();
}

const located_json* find(const located_json& root, const std::string& path) {
    const located_json* at = &root;
    std::istringstream steps(path);
    for (std::string step; at && std::getline(steps, step, '.');) {
        at = at->find(step);
    }
    return at;
}

located_json parsed_reference() {
    auto json = parse_located_json(reference_text());
    EXPECT_TRUE(json);
    return json ? *json : located_json{};
}

// The value at `path`, written as JSON: the reference's own text from there on, as far as it is a value.
std::string value_text(const located_json& value) {
    switch (value.type) {
        case located_json::kind::null:
            return "null";
        case located_json::kind::boolean:
            return value.boolean ? "true" : "false";
        case located_json::kind::integer:
            return std::to_string(value.integer);
        case located_json::kind::string:
            return json_quote(value.string);
        case located_json::kind::array: {
            std::string text;
            for (const auto& element : value.elements) {
                text += (text.empty() ? "" : ",") + value_text(element);
            }
            return "[" + text + "]";
        }
        case located_json::kind::object: {
            std::string text;
            for (const auto& member : value.members) {
                text += (text.empty() ? "" : ",") + json_quote(member.name) + ":" + value_text(member.value);
            }
            return "{" + text + "}";
        }
        default:
            ADD_FAILURE() << "the reference has a " << value.described() << " where no key takes one";
            return "";
    }
}

// Everything that a key can set.
bool same(const settings& a, const settings& b) {
    return a.listen == b.listen && a.limits == b.limits && a.queue == b.queue && a.upstream == b.upstream &&
           a.delivery == b.delivery && a.log == b.log && a.events.check == b.events.check &&
           a.events.reject_unknown_events == b.events.reject_unknown_events &&
           a.events.reject_unknown_fields == b.events.reject_unknown_fields &&
           a.events.schemas.size() == b.events.schemas.size();
}

TEST(reference, loads) {
    const auto all = loaded(reference_text());
    EXPECT_EQ(all.upstream.url.text(), parse_url("https://production.runalloy.com")->text());
    ASSERT_EQ(all.events.schemas.size(), 1u);
    EXPECT_EQ(all.events.schemas.begin()->first, "Ticket Created");
    EXPECT_EQ(all.events.schemas.begin()->second.fields.size(), 3u);
}

TEST(reference, has_every_key) {
    const auto reference = parsed_reference();
    for (const auto& key : known_config_keys()) {
        EXPECT_NE(find(reference, key), nullptr) << key;
    }
}

TEST(reference, has_the_keys_in_the_order_of_the_code) {
    const auto reference = parsed_reference();
    location last{0, 0};
    for (const auto& key : known_config_keys()) {
        const auto* value = find(reference, key);
        ASSERT_NE(value, nullptr) << key;
        EXPECT_LT(std::pair(last.line, last.column), std::pair(value->where.line, value->where.column)) << key;
        last = value->where;
    }
}

TEST(reference, shows_every_key_at_its_default) {
    const auto reference = parsed_reference();
    const std::string url = "https://production.runalloy.com";
    const auto defaults = loaded("{}", {{"upstream.url", url}});
    for (const auto& key : known_config_keys()) {
        if (key == "events") continue;  // the sample event's
        const auto* value = find(reference, key);
        ASSERT_NE(value, nullptr) << key;
        EXPECT_TRUE(same(loaded("{}", {{"upstream.url", url}, {key, value_text(*value)}}), defaults)) << key;
    }
}

TEST(reference, explains_every_key_on_its_line) {
    const auto reference = parsed_reference();
    std::vector<std::string> lines{""};
    std::istringstream text(reference_text());
    for (std::string line; std::getline(text, line);) {
        lines.push_back(line);
    }
    for (const auto& key : known_config_keys()) {
        const auto* value = find(reference, key);
        ASSERT_NE(value, nullptr) << key;
        EXPECT_NE(lines.at(value->where.line).find("  // "), std::string::npos) << key;
    }
}

}  // namespace
}  // namespace posthaste
