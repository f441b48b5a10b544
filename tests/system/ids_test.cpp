// Ids are never reused: a number that came twice would be passed over by whoever reads the outbox in order.

#include <set>

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

TEST(ids, are_new_after_the_outbox_was_drained_and_the_daemon_restarted) {
    upstream_process upstream;
    upstream.start();
    for (const char* const keep : {"24h", "0s"}) {
        SCOPED_TRACE(keep);
        daemon_under_test daemon(upstream.url(), {{"queue", {{"keep_delivered", keep}}}});
        daemon.start();
        std::set<std::string> ids;
        for (int run = 0; run < 3; ++run) {
            for (int event = 0; event < 3; ++event) {
                const auto id = daemon.post(sample_event());
                EXPECT_TRUE(ids.insert(id).second);
            }
            ASSERT_TRUE(daemon.wait_until_drained()) << daemon.log();
            daemon.stop();
            daemon.start();
        }
        EXPECT_EQ(daemon.status()["totals"]["delivered"], 9);
    }
    ASSERT_TRUE(upstream.wait_for_requests(18));
}

}  // namespace posthaste
