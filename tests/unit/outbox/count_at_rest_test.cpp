// What an outbox holds, asked of its file while no daemon uses it.

#include "lib/outbox/count_at_rest.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <gtest/gtest.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

namespace fs = std::filesystem;

// Each file of the folder, with its bytes.
std::map<std::string, std::string> files_beside(const std::string& path) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path())) {
        std::ifstream file(entry.path(), std::ios::binary);
        files[entry.path().filename()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return files;
}

struct at_rest : testing::Test {
    // One delivered, one dead, two pending.
    at_rest() {
        const auto numbers = numbers_of(outbox.append(4));
        outbox.settle({delivered(numbers[0], outbox.now), dead(numbers[1], outbox.now)});
    }

    // As an orderly stop does.
    void stop() {
        ASSERT_TRUE(outbox.box->checkpoint_whole());
        outbox.box.reset();
    }

    temporary_outbox outbox;
    const std::string path = outbox.queue.path;
};

TEST_F(at_rest, counts_what_waits_and_what_is_dead) {
    stop();
    const auto held = count_at_rest(path);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->pending, 2U);
    EXPECT_EQ(held->dead, 1U);
}

TEST_F(at_rest, changes_no_file_and_leaves_none) {
    stop();
    const auto before = files_beside(path);
    ASSERT_TRUE(count_at_rest(path));
    EXPECT_EQ(files_beside(path), before);
}

TEST_F(at_rest, finds_the_file_whatever_its_name) {
    stop();
    const auto folder = outbox.folder / "100% of #1? \xC3\xBC %41";
    fs::create_directory(folder);
    fs::copy_file(path, folder + "/outbox.db");
    const auto held = count_at_rest(folder + "/outbox.db");
    ASSERT_TRUE(held);
    EXPECT_EQ(held->pending, 2U);
}

TEST_F(at_rest, says_nothing_while_a_log_waits_to_be_copied) {
    ASSERT_GT(fs::file_size(path + "-wal"), 0U);
    EXPECT_FALSE(count_at_rest(path)) << "the file alone does not know of what the log holds";
    // As a crash leaves them.
    const auto left = outbox.folder / "left.db";
    fs::copy_file(path, left);
    fs::copy_file(path + "-wal", left + "-wal");
    EXPECT_FALSE(count_at_rest(left));
}

TEST_F(at_rest, says_nothing_of_what_is_no_outbox) {
    EXPECT_FALSE(count_at_rest(outbox.folder / "nothing.db"));
    EXPECT_FALSE(fs::exists(outbox.folder / "nothing.db"));
    const auto text = outbox.folder / "text.db";
    std::ofstream(text) << "no database";
    EXPECT_FALSE(count_at_rest(text));
    alter(outbox.folder / "other.db", "CREATE TABLE meta (pending)");
    EXPECT_FALSE(count_at_rest(outbox.folder / "other.db"));
}

}  // namespace
}  // namespace posthaste
