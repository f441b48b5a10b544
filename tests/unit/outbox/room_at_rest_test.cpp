// What the files of an outbox lack of their room is what the next start takes.

#include "lib/outbox/room_at_rest.hpp"

#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/outbox/kept_blocks.hpp"

namespace posthaste {
namespace {

constexpr std::uint64_t slack = 64 * 1024;  // what a file system keeps its own books in

class room_at_rest : public kept_blocks {
  protected:
    [[nodiscard]] std::uint64_t lacked() const { return room_lacked_at_rest(t.queue.path); }
    [[nodiscard]] std::uint64_t taken() const { return taken_by(t.queue.path) + taken_by(t.queue.path + "-wal"); }

    void expect_a_start_to_take_what_is_lacked() {
        const auto expected = lacked();
        const auto before = taken();
        t.open();
        EXPECT_EQ(t.box->missing_room(0).value(), 0U);
        EXPECT_NEAR(static_cast<double>(taken() - before), static_cast<double>(expected), slack);
        EXPECT_EQ(lacked(), 0U);
    }
};

TEST_F(room_at_rest, is_all_lacked_by_an_outbox_that_is_not_there_yet) {
    t.box.reset();
    for (const char* end : {"", "-wal", ".lock"}) {
        std::filesystem::remove(t.queue.path + end);
    }
    EXPECT_EQ(lacked(), 9 * MiB);
    expect_a_start_to_take_what_is_lacked();
}

TEST_F(room_at_rest, is_lacked_by_one_that_grew_or_gave_it_back) {
    EXPECT_EQ(lacked(), 0U);
    t.append(std::vector<event>(500, ticket("1", std::string(9000, 'x'))));
    ASSERT_TRUE(t.box->checkpoint_whole());
    EXPECT_EQ(lacked(), 0U) << "taken again";
    t.box.reset();
    EXPECT_EQ(lacked(), 0U) << "kept over a stop";
    for (const char* end : {"", "-wal"}) {
        const std::string file = t.queue.path + end;
        std::filesystem::resize_file(file, std::filesystem::file_size(file));
    }
    EXPECT_GE(lacked(), 8 * MiB);
    expect_a_start_to_take_what_is_lacked();
}

}  // namespace
}  // namespace posthaste
