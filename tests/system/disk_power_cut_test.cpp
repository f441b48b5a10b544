// The power goes under a running daemon, on a disk with a volatile write cache: whatever was acknowledged is there when
// it comes back. The same with durability "process" loses events, which shows that the rig can lose some.

#include <atomic>
#include <fstream>
#include <random>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/power_cut_disk.hpp"

namespace posthaste {

namespace {

using testing::IsEmpty;

constexpr std::size_t disk_size = 64 * 1024 * 1024;

answer_step slow_answer() {  // slower than the load: at each cut there is a backlog, and much is in flight
    answer_step slow;
    slow.after = std::chrono::milliseconds{20};
    return slow;
}

// One daemon under load, through one power cut after the other.
class power_cuts {
  public:
    power_cuts(power_cut_disk& disk, const std::string& durability)
        : disk_(disk),
          always_daemon_first_(durability == "process"),
          daemon_(slow_upstream(), {{"queue",
                                     {{"path", disk.folder() + "/outbox/outbox.db"},
                                      {"disk_reserve", "1MiB"},
                                      {"durability", durability}}}}) {
        daemon_.start();
        port_ = daemon_.port();
    }

    void run(int rounds) {
        load users(4, 8, [this] { return port_.load(); });
        for (int round = 0; round < rounds; ++round) {
            const std::size_t enough = users.acknowledged_count() + 100 + random_() % 400;
            ASSERT_TRUE(wait_until([&] { return users.acknowledged_count() >= enough; })) << daemon_.log();
            cut(always_daemon_first_ || round % 2 == 0);
            disk_.bring_back();
            EXPECT_EQ(integrity_of(daemon_.outbox_path()), "ok");
            daemon_.start();
            port_ = daemon_.port();
        }
        users.finish();
        upstream_.answer_with({answers(200)});
        ASSERT_TRUE(daemon_.wait_until_drained()) << daemon_.status();
        EXPECT_TRUE(accounts_close(daemon_));
        EXPECT_EQ(daemon_.stop(), 0) << daemon_.log();
        EXPECT_EQ(integrity_of(daemon_.outbox_path()), "ok");
        lost_ = lost(users, upstream_);
        std::printf("%zu acknowledged, %zu of them lost in %d power cuts\n", users.acknowledged_count(), lost_.size(),
                    rounds);
    }

    [[nodiscard]] const std::vector<std::string>& lost_events() const { return lost_; }

  private:
    const std::string& slow_upstream() {
        upstream_.answer_with({slow_answer()});
        upstream_.start();
        url_ = upstream_.url();
        return url_;
    }

    // Where the disk goes first, the daemon meets its failing writes too, and must not acknowledge any of them. With
    // durability "process" it may: those would be lost by the order of the kills, not by the cache.
    void cut(bool daemon_first) {
        port_ = 0;
        if (daemon_first) daemon_.kill9();
        disk_.cut();
        if (!daemon_first) daemon_.kill9();
    }

    power_cut_disk& disk_;
    bool always_daemon_first_;
    upstream_process upstream_;
    std::string url_;
    daemon_under_test daemon_;
    std::atomic<std::uint16_t> port_ = 0;
    std::mt19937 random_{6};
    std::vector<std::string> lost_;
};

void write_file(const std::string& path, bool synced) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(file, 0);
    EXPECT_EQ(write(file, "content", 7), 7);
    EXPECT_EQ(synced ? fsync(file) : 0, 0);
    close(file);
}

}  // namespace

TEST(power_cut_rig, keeps_what_was_synced_and_loses_what_was_not) {
    power_cut_disk disk(disk_size);
    if (!disk.trouble().empty()) GTEST_SKIP() << "NOT TESTED that the rig for power cuts works: " << disk.trouble();
    write_file(disk.folder() + "/synced", true);
    write_file(disk.folder() + "/written", false);
    disk.cut();
    disk.bring_back();
    EXPECT_EQ(read_whole_file(disk.folder() + "/synced"), "content");
    EXPECT_EQ(read_whole_file(disk.folder() + "/written"), "");
}

TEST(power_cut, ten_times_in_mid_load_loses_nothing_that_was_acknowledged) {
    power_cut_disk disk(disk_size);
    if (!disk.trouble().empty()) GTEST_SKIP() << "NOT TESTED that power cuts lose nothing: " << disk.trouble();
    power_cuts test(disk, "full");
    ASSERT_NO_FATAL_FAILURE(test.run(10));
    EXPECT_THAT(test.lost_events(), IsEmpty());
}

TEST(power_cut, the_same_with_durability_process_loses_events_so_that_the_rig_is_seen_to_work) {
    power_cut_disk disk(disk_size);
    if (!disk.trouble().empty()) GTEST_SKIP() << "NOT TESTED that the rig for power cuts works: " << disk.trouble();
    power_cuts test(disk, "process");
    ASSERT_NO_FATAL_FAILURE(test.run(10));
    EXPECT_FALSE(test.lost_events().empty())
        << "THE RIG IS BROKEN: it lost nothing that was never synced, so it shows nothing about what was";
}

}  // namespace posthaste
