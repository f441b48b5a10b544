// What delivery has to know of the upstream after a restart.

#include <gtest/gtest.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

void remember(temporary_outbox& t, const upstream_memory& what) {
    batch work;
    work.upstream = what;
    EXPECT_FALSE(work.empty());
    t.commit(work);
}

TEST(upstream_notes, a_new_outbox_knows_nothing) {
    temporary_outbox t;
    EXPECT_EQ(t.box->upstream(), upstream_memory{});
}

TEST(upstream_notes, are_found_by_the_next_run) {
    using kind = upstream_memory::pause;
    temporary_outbox t;
    const auto at = t.now;
    for (const auto& what :
         {upstream_memory{kind::by_hand, at, true, ""}, upstream_memory{kind::rejecting_everything, at, true, "0af7"},
          upstream_memory{kind::none, std::nullopt, false, "0af7"}}) {
        remember(t, what);
        EXPECT_EQ(t.box->upstream(), what);
        t.reopen();
        EXPECT_EQ(t.box->upstream(), what);
    }
}

}  // namespace
}  // namespace posthaste
