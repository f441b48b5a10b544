// What `posthaste check` says of an outbox at rest is what the start makes of it.

#include "daemon/commands/check_queue.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;

TEST(check_queue, takes_a_whole_outbox_and_finds_one_that_is_cut_off_as_the_start_does) {
    temporary_outbox t;
    t.append(1000);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.box.reset();
    EXPECT_EQ(check_queue(t.queue).code, exit_code::done) << check_queue(t.queue).detail;

    std::filesystem::resize_file(t.queue.path, std::filesystem::file_size(t.queue.path) / 2);
    const auto found = check_queue(t.queue);
    EXPECT_EQ(found.code, exit_code::outbox_damaged) << found.detail;
    EXPECT_THAT(found.detail, HasSubstr("cut off"));
    EXPECT_THAT(found.detail, HasSubstr("posthaste recover"));
    const auto started = outbox::open(t.queue, t.now);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, exit_code::outbox_damaged);
}

// As a crash leaves it in the middle of copying the log: the first page tells of those that were still to come.
TEST(check_queue, leaves_to_the_log_what_the_file_has_not_yet) {
    temporary_outbox t;
    t.append(1000);
    const auto log = t.queue.path + "-wal";
    const auto size = std::filesystem::file_size(t.queue.path);
    std::filesystem::copy_file(log, t.folder / "log");
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.box.reset();
    std::filesystem::resize_file(t.queue.path, size);
    std::filesystem::copy_file(t.folder / "log", log, std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(check_queue(t.queue).code, exit_code::done) << check_queue(t.queue).detail;
    t.open();
    EXPECT_EQ(t.pending().size(), 1000U);
}

TEST(check_queue, says_what_stands_in_the_way) {
    temporary_folder folder;
    alter(folder / "file", "CREATE TABLE theirs (a)");
    std::filesystem::create_symlink(folder / "gone", folder / "link");
    for (const auto& [name, what] :
         {std::pair("file/outbox.db", "/file is no folder"), std::pair("file/deeper/outbox.db", "/file is no folder"),
          std::pair("link", "/link is a symbolic link to a file that is not there")}) {
        queue_settings queue;
        queue.path = folder / name;
        const auto found = check_queue(queue);
        EXPECT_EQ(found.code, exit_code::failed) << name;
        EXPECT_THAT(found.detail, HasSubstr(what));
    }
}

TEST(check_queue, does_not_take_a_folder_that_it_may_not_look_into_for_none) {
    if (::geteuid() != 0) GTEST_SKIP() << "NOT TESTED as another user: only root can become one";
    constexpr uid_t nobody = 65534;
    temporary_folder folder;
    std::filesystem::permissions(folder / "", std::filesystem::perms::all);
    std::filesystem::create_directories(folder / "private/inside");
    std::filesystem::permissions(folder / "private", std::filesystem::perms::owner_all);
    std::filesystem::create_directory_symlink(folder / "private/inside", folder / "link");
    for (const std::string name : {"link/outbox.db", "private/inside/outbox.db"}) {
        queue_settings queue;
        queue.path = folder / name;
        ASSERT_EQ(::seteuid(nobody), 0);
        const auto found = check_queue(queue);
        ASSERT_EQ(::seteuid(0), 0);
        EXPECT_EQ(found.code, exit_code::failed) << name;
        EXPECT_THAT(found.detail, HasSubstr("Permission denied")) << name;
        EXPECT_THAT(found.detail, testing::Not(HasSubstr("is no folder"))) << name;
    }
}

}  // namespace
}  // namespace posthaste
