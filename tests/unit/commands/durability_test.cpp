#include <filesystem>
#include <numeric>

#include <gmock/gmock.h>
#include <stdlib.h>

#include "daemon/commands/check_durability.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;

TEST(file_system_of_the_queue, fails_where_it_is_memory) {
    for (const char* type : {"tmpfs", "ramfs", "devtmpfs"}) {
        const auto step = judge_file_system("/somewhere", type);
        EXPECT_EQ(step.code, exit_code::failed);
        EXPECT_THAT(step.detail, HasSubstr(std::string("/somewhere is on ") + type + ", which is memory"));
        EXPECT_THAT(step.detail, HasSubstr("Set queue.path to "));
    }
}

TEST(file_system_of_the_queue, is_warned_of_where_it_is_no_local_disk_or_unknown) {
    for (const char* type : {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs", "fuse.s3fs", "fuseblk", ""}) {
        const auto step = judge_file_system("/somewhere", type);
        EXPECT_EQ(step.code, exit_code::done) << type;
        EXPECT_TRUE(step.warns) << type;
        EXPECT_TRUE(to_text(step).starts_with("warn  file system: "));
        EXPECT_THAT(to_json({step}), HasSubstr(R"("ok":true,"warning":true,)"));
    }
}

TEST(file_system_of_the_queue, is_fine_on_a_disk) {
    for (const char* type : {"ext4", "xfs", "btrfs", "zfs", "overlay"}) {
        const auto step = judge_file_system("/somewhere", type);
        EXPECT_EQ(to_text(step), std::string("ok    file system: /somewhere is on ") + type + "\n");
    }
}

TEST(percentiles, are_those_of_the_nearest_rank) {
    std::vector<double> values(300);
    std::iota(values.rbegin(), values.rend(), 1.0);
    EXPECT_EQ(percentiles_of(values).p50, 150);
    EXPECT_EQ(percentiles_of(values).p99, 297);
    EXPECT_EQ(percentiles_of({7}).p50, 7);
    EXPECT_EQ(percentiles_of({7}).p99, 7);
}

TEST(sync_latency_of_a_disk, is_measured_or_says_why_not) {
    std::string folder = (std::filesystem::temp_directory_path() / "posthaste-sync-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const auto found = measure_sync_latency(folder + "/syncs");
    ASSERT_TRUE(found) << found.error();
    EXPECT_GE(found->syncs, 20U);
    EXPECT_GT(found->append.p50, 0);
    EXPECT_GE(found->append.p99, found->append.p50);
    EXPECT_GE(found->overwrite.p99, found->overwrite.p50);
    EXPECT_EQ(std::filesystem::file_size(folder + "/syncs"), found->syncs * 4096);
    const auto taken = measure_sync_latency(folder + "/syncs");
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error(), "File exists");
    std::filesystem::remove_all(folder);
}

TEST(kills, fail_where_one_event_is_lost) {
    const auto step = judge_kills({.kills = 10, .acknowledged = 500, .found = 499});
    EXPECT_EQ(step.code, exit_code::failed);
    EXPECT_THAT(step.detail, HasSubstr("10 times: 500 events acknowledged, 499 found, 1 lost. What was acknowledged "));
    EXPECT_EQ(step.facts, R"("kills":10,"acknowledged":500,"found":499,"lost":1)");
    EXPECT_EQ(judge_kills({.kills = 10, .acknowledged = 500, .found = 500}).code, exit_code::done);
}

}  // namespace
}  // namespace posthaste
