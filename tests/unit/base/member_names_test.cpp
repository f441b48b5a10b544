#include "lib/base/member_names.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

// Reads the plain strings of `text` as the names of one object; the offset behind the duplicate that was found.
std::optional<std::size_t> duplicate_in(std::string_view text) {
    member_names names(text);
    names.open_object();
    std::size_t at = 0;
    while ((at = text.find('"', at)) != std::string_view::npos) {
        const std::size_t end = text.find('"', at + 1) + 1;
        if (const auto found = names.add(text.substr(at + 1, end - at - 2), end)) return found;
        at = end;
    }
    return names.close_object();
}

std::string numbered_names(int count) {
    std::string text;
    for (int i = 0; i < count; ++i)
        text += "\"" + std::to_string(i) + "\"";
    return text;
}

TEST(member_names, finds_a_duplicate_among_few) {
    EXPECT_EQ(duplicate_in(R"("a" "b" "")"), std::nullopt);
    EXPECT_EQ(duplicate_in(R"("a" "b" "a")"), 11u);
    EXPECT_EQ(duplicate_in(R"("" "")"), 5u);
}

TEST(member_names, finds_a_duplicate_among_many) {
    const std::string many = numbered_names(1000);
    EXPECT_EQ(duplicate_in(many), std::nullopt);
    for (const char* again : {"\"0\"", "\"15\"", "\"16\"", "\"17\"", "\"999\""}) {
        EXPECT_EQ(duplicate_in(many + again), many.size() + std::string_view(again).size()) << again;
    }
}

TEST(member_names, finds_a_duplicate_where_few_become_many) {
    for (int count = 14; count <= 18; ++count) {
        const std::string names = numbered_names(count);
        EXPECT_EQ(duplicate_in(names), std::nullopt) << count;
        EXPECT_EQ(duplicate_in(names + "\"0\""), names.size() + 3) << count;
    }
}

TEST(member_names, tells_the_earliest_repetition_among_many) {
    const std::string many = numbered_names(100);
    EXPECT_EQ(duplicate_in(many + "\"99\"\"98\"\"1\""), many.size() + 4);
}

TEST(member_names, keeps_objects_apart) {
    const std::string_view text = R"("a""a""b""a")";
    member_names names(text);
    names.open_object();
    EXPECT_FALSE(names.add("a", 3));
    names.open_object();
    EXPECT_FALSE(names.add("a", 6));
    EXPECT_FALSE(names.close_object());
    EXPECT_FALSE(names.add("b", 9));
    EXPECT_EQ(names.add("a", 12), 12u);
}

TEST(member_names, compares_names_as_they_are_meant_not_as_they_are_written) {
    const std::string_view text = R"("\u0061""b""a")";
    member_names names(text);
    names.open_object();
    EXPECT_FALSE(names.add("a", 8));
    EXPECT_FALSE(names.add("b", 11));
    EXPECT_EQ(names.add("a", 14), 14u);
}

TEST(member_names, forgets_the_copies_of_a_closed_object) {
    const std::string_view text = R"("\u0061""\u0062""\u0061")";
    member_names names(text);
    names.open_object();
    EXPECT_FALSE(names.add("a", 8));
    names.open_object();
    EXPECT_FALSE(names.add("b", 16));
    EXPECT_FALSE(names.close_object());
    EXPECT_EQ(names.add("a", 24), 24u);
}

}  // namespace
}  // namespace posthaste
