#include "lib/identity/identity_rules.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

using enum identity_verdict;

lookup_outcome answered(int status, std::size_t bytes = 20) {
    lookup_outcome what{.asked = true, .outcome = {status, ""}, .target = "t"};
    what.outcome.answer = upstream_answer{"application/json", std::string(bytes, 'x')};
    return what;
}

TEST(identity, keeps_a_200_and_nothing_else) {
    EXPECT_EQ(judge(answered(200), false), pass_and_keep);
    EXPECT_EQ(judge(answered(200), true), pass_and_keep);
    for (const int status : {201, 204, 400, 405, 409, 422})
        EXPECT_EQ(judge(answered(status), true), pass) << status;
}

TEST(identity, forgets_whom_the_upstream_does_not_know) {
    EXPECT_EQ(judge(answered(404), true), pass_and_erase);
    EXPECT_EQ(judge(answered(410), false), pass_and_erase);
}

TEST(identity, serves_what_is_kept_where_the_upstream_tells_nothing_of_the_user) {
    for (const int status : {301, 302, 304, 307, 401, 403, 407, 429, 500, 502, 503, 599, 101}) {
        EXPECT_EQ(judge(answered(status), true), serve_kept) << status;
        EXPECT_EQ(judge(answered(status), false), unavailable) << status;
    }
    EXPECT_EQ(judge({}, true), serve_kept) << "not asked";
    EXPECT_EQ(judge({}, false), unavailable);
    const lookup_outcome unreachable{.asked = true, .outcome = {std::nullopt, "refused"}, .target = "t"};
    EXPECT_EQ(judge(unreachable, true), serve_kept);
    EXPECT_EQ(judge(unreachable, false), unavailable);
}

TEST(identity, passes_on_what_is_too_long_to_keep_and_not_what_is_cut) {
    EXPECT_EQ(judge(answered(200, largest_kept_identity), false), pass_and_keep);
    EXPECT_EQ(judge(answered(200, largest_kept_identity + 1), false), pass);
    lookup_outcome cut = answered(200, 64 * 1024);
    cut.outcome.answer->is_cut = true;
    EXPECT_EQ(judge(cut, false), unavailable);
    EXPECT_EQ(judge(cut, true), serve_kept);
}

TEST(identity, keeps_nothing_of_an_upstream_that_was_changed_meanwhile) {
    lookup_outcome what = answered(200);
    what.target.clear();
    EXPECT_EQ(judge(what, false), pass);
}

TEST(identity, is_fresh_up_to_its_age_and_never_from_the_future) {
    const wall_time now{seconds{1'000'000}};
    const auto fetched = [&](milliseconds before) { return kept_identity{now - before, now, "", ""}; };
    EXPECT_TRUE(is_fresh(fetched(seconds{0}), now, seconds{10}));
    EXPECT_TRUE(is_fresh(fetched(milliseconds{9'999}), now, seconds{10}));
    EXPECT_FALSE(is_fresh(fetched(seconds{10}), now, seconds{10}));
    EXPECT_FALSE(is_fresh(fetched(seconds{-1}), now, seconds{10}));
    EXPECT_FALSE(is_fresh(fetched(seconds{0}), now, seconds{0}));
}

TEST(identity, is_of_one_upstream_version_and_path) {
    const identity_key key = key_of("aa", {"/users/ada", "2025-09"});
    EXPECT_EQ(key, key_of("aa", {"/users/ada", "2025-09"}));
    EXPECT_NE(key, key_of("ab", {"/users/ada", "2025-09"}));
    EXPECT_NE(key, key_of("aa", {"/users/adb", "2025-09"}));
    EXPECT_NE(key, key_of("aa", {"/users/ada", "2025-06"}));
    EXPECT_NE(key, key_of("aa", {"/users/ada", ""}));
}

}  // namespace
}  // namespace posthaste
