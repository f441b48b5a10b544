#include "lib/http/query_string.hpp"

#include <array>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

constexpr std::array<std::string_view, 2> known{"event", "limit"};

std::optional<std::string> value_of(std::string_view query, std::string_view name) {
    const auto parsed = query_string::parse(query, known);
    EXPECT_TRUE(parsed) << query;
    return parsed ? parsed->get(name) : std::nullopt;
}

std::string fault_of(std::string_view query) {
    const auto parsed = query_string::parse(query, known);
    EXPECT_FALSE(parsed) << query;
    if (parsed) return {};
    EXPECT_EQ(parsed.error().status, 400u);
    EXPECT_EQ(parsed.error().name, "invalid-query");
    return parsed.error().detail;
}

TEST(query_string, gives_decoded_values) {
    EXPECT_EQ(value_of("event=Ticket%20Created&limit=5", "event"), "Ticket Created");
    EXPECT_EQ(value_of("event=Ticket+Created&limit=5", "limit"), "5");
    EXPECT_EQ(value_of("event=a%2Bb%26c%3Dd", "event"), "a+b&c=d");
    EXPECT_EQ(value_of("event=a=b", "event"), "a=b");
    EXPECT_EQ(value_of("event", "event"), "");
    EXPECT_EQ(value_of("&&limit=1&", "limit"), "1");
    EXPECT_EQ(value_of("", "limit"), std::nullopt);
}

TEST(query_string, refuses_what_it_does_not_know_so_that_a_slip_is_no_filter_lost) {
    EXPECT_NE(fault_of("limt=5").find("\"limt\""), std::string::npos);
    EXPECT_NE(fault_of("limt=5").find("event, limit"), std::string::npos);
    EXPECT_NE(fault_of("limit=1&limit=2").find("twice"), std::string::npos);
}

TEST(query_string, refuses_broken_escapes) {
    for (const auto* query : {"event=%", "event=%4", "event=%zz", "%=1"})
        EXPECT_NE(fault_of(query).find("two hex digits"), std::string::npos) << query;
}

}  // namespace
}  // namespace posthaste
