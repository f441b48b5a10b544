// The Debian package and the container's file set, as they are made and as they are used.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/mounts.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;

const std::string build_folder = POSTHASTE_BUILD_FOLDER;
const std::string scripts = POSTHASTE_SOURCE_DIR "/tests/system/package/";

struct slow_package : testing::Test {
    // What the package is tried with; it may take a while.
    static int shell(const std::string& command) { return std::system(command.c_str()); }

    void SetUp() override {
        if (sanitized) GTEST_SKIP() << "what is packaged is never sanitized";
        for (const char* tool : {"lintian", "debootstrap", "unshare", "nsenter", "openssl", "pgrep"})
            if (find_tool(tool).empty()) GTEST_SKIP() << tool << " is not installed (Debian: apt-get install it)";
        if (geteuid() != 0) GTEST_SKIP() << "only root may boot a system of its own";
        ASSERT_EQ(shell("cd " + build_folder + " && cpack -G DEB -B package >package.log 2>&1"), 0)
            << read_whole_file(build_folder + "/package.log");
        for (const auto& entry : std::filesystem::directory_iterator(build_folder + "/package"))
            if (entry.path().extension() == ".deb") package = entry.path();
        ASSERT_NE(package, "");
    }

    std::string package;
};

TEST_F(slow_package, leaves_lintian_nothing_to_say) {
    EXPECT_EQ(shell("lintian --allow-root --fail-on error,warning " + package), 0);
}

TEST_F(slow_package, lives_on_a_clean_debian) {
    EXPECT_EQ(shell(scripts + "life " + package + " " RECORDING_UPSTREAM_BINARY " " + build_folder + "/system"), 0);
}

}  // namespace
}  // namespace posthaste
