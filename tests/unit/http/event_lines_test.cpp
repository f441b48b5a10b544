#include "lib/http/event_lines.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

exported_event sample() {
    exported_event one;
    one.state = event_state::dead;
    one.id = *parse_uuid("01a20a2c-5020-72fa-8000-000000053d4a");
    one.received_at = *parse_rfc3339("2026-11-23T20:50:05.984Z");
    one.what.path = "/2023-12/run/event";
    one.what.api_version = "2025-09";
    one.what.body = "{\"event\":\"e\",  \"userId\":\"u\",\n\"data\":{\"n\":12345678901234567890,\"x\":\"\\u00e9é\"}}";
    return one;
}

std::string with(const std::string& from, const std::string& to) {
    auto line = to_line(sample());
    const auto at = line.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return line.replace(at, from.size(), to);
}

// The pointers of all that is wrong, behind each other.
std::string faults_of(const std::string& line) {
    const auto read = read_line(line);
    if (read) return "none";
    if (read.error().malformed) return "malformed";
    std::string pointers;
    for (const auto& fault : read.error().errors) {
        EXPECT_FALSE(fault.detail.empty());
        pointers += fault.pointer + ";";
    }
    return pointers;
}

TEST(event_lines, an_event_comes_back_as_it_was_byte_for_byte) {
    const auto line = to_line(sample());
    EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line";
    const auto read = read_line(line);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->id, sample().id);
    EXPECT_EQ(read->received_at, sample().received_at);
    EXPECT_EQ(read->what.path, sample().what.path);
    EXPECT_EQ(read->what.api_version, sample().what.api_version);
    EXPECT_EQ(read->what.body, sample().what.body);
    EXPECT_EQ(read->what.name, "e");
    EXPECT_EQ(read->what.user_id, "u");
}

TEST(event_lines, are_never_longer_than_is_told) {
    auto one = sample();
    one.what.api_version = std::string(512, '"');
    for (const char c : {'\\', '"', '\n', '\t', '\x7f', 'x'}) {
        one.what.body = std::string(100'000, c);
        EXPECT_LE(to_line(one).size(), longest_line(one.what.body.size())) << c;
    }
}

TEST(event_lines, unknown_members_are_ignored) {
    EXPECT_EQ(faults_of(with("{\"id\"", "{\"later\":[1],\"id\"")), "none");
}

TEST(event_lines, tells_all_that_is_wrong_with_a_line) {
    EXPECT_EQ(faults_of(with("\"id\":\"01a2", "\"id\":\"zza2")), "/id;");
    EXPECT_EQ(faults_of(with("2026-11-23T20", "2026-13-23T20")), "/receivedAt;");
    EXPECT_EQ(faults_of(with("\"dead\"", "\"delivered\"")), "/state;");
    EXPECT_EQ(faults_of(with("/2023-12/run/event", "/2023-13/run/event")), "/path;");
    EXPECT_EQ(faults_of(with("/2023-12/run/event", "/v1/pause")), "/path;");
    EXPECT_EQ(faults_of(with("2025-09", "2025\\r\\nX: y")), "/apiVersion;");
    EXPECT_EQ(faults_of(with("\\\"userId\\\"", "\\\"user\\\"")), "/body;");
    EXPECT_EQ(faults_of("{\"body\": 1}"), "/id;/receivedAt;/state;/path;/body;") << "each once";
    EXPECT_EQ(faults_of(with("\"2025-09\"", "2025")), "/apiVersion;");
}

TEST(event_lines, take_an_event_without_a_version_for_one_that_has_none) {
    for (const auto& line :
         {with("\"2025-09\"", "null"), with("\"apiVersion\":\"2025-09\",", ""), with("\"2025-09\"", "\"\"")}) {
        const auto read = read_line(line);
        ASSERT_TRUE(read) << line;
        EXPECT_EQ(read->what.api_version, "");
    }
    EXPECT_EQ(read_line(with("2025-09", "2025\\t09"))->what.api_version, "2025\t09") << "as a header may have it";
}

TEST(event_lines, keeps_nothing_that_is_further_inside) {
    EXPECT_EQ(faults_of(with("{\"id\"", "{\"x\":{\"id\":1,\"body\":[\"no\"]},\"id\"")), "none");
    EXPECT_EQ(faults_of(with("\"dead\"", "[\"dead\"]")), "/state;") << "no string is no string";
}

TEST(event_lines, takes_no_line_that_two_readers_understand_differently) {
    for (const auto& line : {with("}\n", ",\"state\":\"pending\"}\n"), with("}\n", ",\"st\\u0061te\":\"pending\"}\n"),
                             with("{\"id\"", "{\"x\":{\"a\":1,\"a\":2},\"id\"")}) {
        const auto read = read_line(line);
        ASSERT_FALSE(read) << line;
        ASSERT_TRUE(read.error().malformed);
        EXPECT_NE(read.error().malformed->reason.find("two members of this name"), std::string::npos);
    }
}

TEST(event_lines, reads_no_nesting_over_64) {
    const auto nested = [](std::size_t deep) {
        return with("{\"id\"", "{\"x\":" + std::string(deep, '[') + std::string(deep, ']') + ",\"id\"");
    };
    EXPECT_EQ(faults_of(nested(63)), "none");
    EXPECT_EQ(faults_of(nested(64)), "malformed");
    const auto read = read_line(std::string(100'000, '['));
    ASSERT_TRUE(!read && read.error().malformed);
    EXPECT_EQ(read.error().malformed->offset, 64U) << "it read on to the end";
    EXPECT_EQ(read.error().malformed->reason, "objects and arrays are nested more than 64 deep");
}

TEST(event_lines, takes_no_line_that_is_no_object) {
    for (const std::string line : {"[]", "1"})
        EXPECT_EQ(faults_of(line), ";") << line;
    for (const std::string line : {"{", "{} {}", "nonsense"})
        EXPECT_EQ(faults_of(line), "malformed") << line;
    EXPECT_EQ(faults_of(to_line(sample()).insert(1, 1, '\0')), "malformed") << "a NUL byte ends no line";
}

}  // namespace
}  // namespace posthaste
