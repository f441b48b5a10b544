#include "daemon/supervisor/file_stamp.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/system/support/temp_folder.hpp"

namespace posthaste {
namespace {

TEST(file_stamp, is_another_one_for_other_content_another_file_another_mode_and_none) {
    const temp_folder folder;
    const auto file = folder.write("key", "abc");
    const auto first = stamp_of(file);
    EXPECT_EQ(stamp_of(file), first);
    EXPECT_NE(stamp_of(folder.write("key", "abcd")), first);
    folder.write("other", "abcd");
    const auto second = stamp_of(file);
    std::filesystem::rename(folder / "other", file);
    EXPECT_NE(stamp_of(file), second);
    std::filesystem::remove(file);
    EXPECT_EQ(stamp_of(file), file_stamp{});
    EXPECT_NE(first, file_stamp{});
}

TEST(file_stamp, is_that_of_the_file_a_link_leads_to) {
    const temp_folder folder;
    const auto one = folder.write("one", "abc");
    const auto two = folder.write("two", "abc");
    std::filesystem::create_symlink("one", folder / "link");
    EXPECT_EQ(stamp_of(folder / "link"), stamp_of(one));
    std::filesystem::remove(folder / "link");
    std::filesystem::create_symlink("two", folder / "link");
    EXPECT_EQ(stamp_of(folder / "link"), stamp_of(two));
    EXPECT_NE(stamp_of(one), stamp_of(two));
}

TEST(file_stamp, may_hide_a_change_that_comes_right_behind_another) {
    const wall_time now{std::chrono::hours{480'000}};
    file_stamp stamp;
    const auto changed = [&](wall_time time) {
        stamp.changed_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
        return stamp;
    };
    EXPECT_TRUE(may_hide_a_change(changed(now), now));
    EXPECT_TRUE(may_hide_a_change(changed(now - milliseconds{1999}), now));
    EXPECT_FALSE(may_hide_a_change(changed(now - seconds{2}), now));
    EXPECT_FALSE(may_hide_a_change(changed(now + std::chrono::hours{1}), now)) << "a file from a later time";
    EXPECT_FALSE(may_hide_a_change({}, now));
}

}  // namespace
}  // namespace posthaste
