// What the package's scripts leave and take on a purge: in a /var/lib of their own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/process.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;

// A purge beside these files, made in this order; then the folder's list is printed.
finished purged(const std::string& files) {
    const std::string script =
        "mount -t tmpfs none /var/lib && mount -t tmpfs none /etc || exit 99\n"
        "mkdir -p /var/lib/posthaste && cd /var/lib/posthaste && at=1000000000\n"
        "for file in " +
        files +
        "; do touch --date=@$at $file; at=$((at + 1)); done\n"
        "sh " POSTHASTE_SOURCE_DIR
        "/config/package/postrm purge || exit 98\n"
        "ls /var/lib/posthaste 2>/dev/null || echo gone\n";
    return run_to_end({{"/usr/bin/unshare", "--mount", "/bin/sh", "-c", script}, {}, {}, {}});
}

#define POSTHASTE_NEEDS_MOUNTS(ended) \
    if ((ended).status == 99 || (ended).status == 1) GTEST_SKIP() << "NOT TESTED what a purge takes: " << (ended).error

TEST(purge, takes_an_outbox_in_which_nothing_waits_and_its_folder) {
    const auto ended = purged("outbox.db outbox.db-wal outbox.db.lock nothing-waits");
    POSTHASTE_NEEDS_MOUNTS(ended);
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, "gone\n");
    EXPECT_EQ(ended.error, "");
}

TEST(purge, keeps_an_outbox_in_which_events_may_wait_and_says_so) {
    const auto ended = purged("nothing-waits outbox.db outbox.db-wal");
    POSTHASTE_NEEDS_MOUNTS(ended);
    EXPECT_EQ(ended.output, "nothing-waits\noutbox.db\noutbox.db-wal\n");
    EXPECT_THAT(ended.error, HasSubstr("may hold events that were not delivered, and is kept"));
}

TEST(purge, keeps_an_outbox_of_another_name_and_says_so) {
    for (const std::string own : {"", "outbox.db nothing-waits "}) {
        const auto ended = purged(own + "queue.db queue.db-wal");
        POSTHASTE_NEEDS_MOUNTS(ended);
        EXPECT_EQ(ended.output, "queue.db\nqueue.db-wal\n");
        EXPECT_THAT(ended.error,
                    HasSubstr("holds more than outbox.db, perhaps an outbox of another name, and is kept"));
    }
}

}  // namespace
}  // namespace posthaste
