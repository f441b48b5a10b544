#include "lib/base/path_text.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(path_text, quotes_for_a_shell_what_is_no_plain_word) {
    EXPECT_EQ(shell_word("/etc/posthaste/key-1.pem"), "/etc/posthaste/key-1.pem");
    EXPECT_EQ(shell_word("/a b/it's"), R"('/a b/it'\''s')");
    EXPECT_EQ(shell_word("~/key"), "'~/key'");
    EXPECT_EQ(shell_word(""), "''");
}

TEST(path_text, shows_long_paths_whole_and_no_control_characters) {
    const std::string path(1'000, 'a');
    EXPECT_EQ(printable_path(path), path);
    EXPECT_EQ(printable_path("/a\nb"), R"(/a\nb)");
    EXPECT_EQ(shell_word(path), path);
}

}  // namespace
}  // namespace posthaste
