// The whole source tree keeps the rules of the house.

#include <gtest/gtest.h>

#include "tests/tidy/rules.hpp"

namespace posthaste {

namespace {

const source_tree& ours() {
    static const source_tree tree = read_source_tree(POSTHASTE_SOURCE_DIR);
    return tree;
}

void expect_none(const violations& found) {
    for (const std::string& violation : found)
        ADD_FAILURE() << violation;
}

}  // namespace

TEST(tidy, includes_point_down) {
    expect_none(includes_that_point_up(ours()));
}
TEST(tidy, the_library_is_pure) {
    expect_none(impure_library_code(ours()));
}
TEST(tidy, files_are_short_and_text_is_clean) {
    expect_none(overlong_or_untidy_text(ours()));
}
TEST(tidy, headers_open_with_their_contract) {
    expect_none(headers_without_a_contract(ours()));
}
TEST(tidy, co_awaits_are_statements_of_their_own) {
    expect_none(entangled_co_awaits(ours()));
}
TEST(tidy, names_are_snake_case) {
    expect_none(names_in_another_style(ours()));
}
TEST(tidy, nothing_is_left_to_be_done) {
    expect_none(loose_ends(ours()));
}
TEST(tidy, the_top_folder_holds_only_what_was_planned) {
    expect_none(strangers_at_the_top(ours()));
}
TEST(tidy, scripts_are_executable_and_careful) {
    expect_none(careless_scripts(ours()));
}

TEST(tidy, the_tree_was_found) {
    EXPECT_TRUE(ours().contains("lib/base/require.hpp"));
    EXPECT_TRUE(ours().contains("tests/run"));
}

}  // namespace posthaste
