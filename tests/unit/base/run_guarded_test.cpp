#include "lib/base/run_guarded.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(run_guarded, lets_through_what_throws_nothing) {
    bool ran = false;
    run_guarded("test", [&ran] { ran = true; });
    EXPECT_TRUE(ran);
}

TEST(run_guarded, stops_the_process_at_an_exception_and_names_the_thread) {
    EXPECT_DEATH(run_guarded("test", [] { throw std::runtime_error("two\nlines"); }),
                 R"(an exception escaped on the test thread: two\\nlines \()");
}

}  // namespace
}  // namespace posthaste
