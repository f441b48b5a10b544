// A web page cannot reach posthaste: neither post to it, nor read from it, nor come by a name that merely resolves to
// 127.0.0.1. A real Chromium tries it all, by tests/system/node/browser.mjs.

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/mounts.hpp"
#include "tests/system/support/node_script.hpp"
#include "tests/system/support/peer_program.hpp"

namespace posthaste {

TEST(browser, lets_no_page_of_another_origin_in_and_our_own_do_everything) {
    POSTHASTE_NEEDS_NODE();
    POSTHASTE_NEEDS_PROGRAM("chromium");
    daemon_under_test daemon;
    daemon.start();
    expect_nothing_wrong("browser.mjs", {find_tool("chromium"), daemon.url()});
}

}  // namespace posthaste
