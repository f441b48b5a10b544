// What config/Containerfile puts into its image, put together by the same script, in place of a container engine.

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/certificates.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

// What the recipe sets in the image's environment.
std::string set_in_image(const std::string& variable) {
    const std::string recipe = read_whole_file(POSTHASTE_SOURCE_DIR "/config/Containerfile");
    const std::string before = "\nENV " + variable + "=";
    const auto at = recipe.find(before);
    if (at == std::string::npos) return {};
    return recipe.substr(at + before.size(), recipe.find('\n', at + 1) - at - before.size());
}

// Its root is read-only but for the outbox, and it runs as the image's user. The upstream is one of those whose
// authority the image knows, by its name.
TEST(container, does_its_whole_job_with_what_is_in_the_image) {
    if (geteuid() != 0) GTEST_SKIP() << "only root may change the root";
    if (sanitized) GTEST_SKIP() << "NOT TESTED in a container: LeakSanitizer needs a /proc";
    const temp_folder folder;
    const std::string root = folder / "image";
    const auto made =
        run_to_end({{POSTHASTE_SOURCE_DIR "/config/container_root", posthaste_binary(), root}, {}, {}, {}});
    ASSERT_EQ(made.status, 0) << made.error;
    EXPECT_FALSE(std::filesystem::exists(root + "/bin/sh"));
    std::filesystem::permissions(folder.path(), std::filesystem::perms::others_exec,
                                 std::filesystem::perm_options::add);

    certificate_authority authority("an authority");
    const auto certificate = authority.issue("DNS:localhost");
    const std::string known = set_in_image("SSL_CERT_FILE");
    ASSERT_THAT(read_whole_file(root + known), testing::HasSubstr("-----BEGIN CERTIFICATE-----")) << known;
    std::ofstream(root + known, std::ios::app) << read_whole_file(authority.file());
    std::ofstream(root + "/etc/hosts") << "127.0.0.1 localhost\n";  // an engine's

    upstream_process upstream(certificate.certificate, certificate.key);
    upstream.start();
    daemon_under_test daemon(upstream.url(), {{"queue", {{"path", "/var/lib/posthaste/outbox.db"}}}});
    daemon.set_environment({{"SSL_CERT_FILE", known}});
    daemon.run_under({"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                      "root=$0; mount --bind $root $root && mount -t tmpfs outbox "
                      "$root/var/lib/posthaste && "
                      "chown 65532:65532 $root/var/lib/posthaste && cp $4 $root/etc/posthaste/posthaste.json && "
                      "chmod 644 $root/etc/posthaste/posthaste.json && mount -o remount,bind,ro $root && "
                      "exec chroot --userspec=65532:65532 $root /usr/bin/posthaste run",
                      root});
    if (!daemon.try_start() && daemon.log().find("unshare") != std::string::npos) GTEST_SKIP() << daemon.log();
    ASSERT_NE(daemon.port(), 0) << daemon.log();
    EXPECT_NE(daemon.post(sample_event()), "");
    EXPECT_TRUE(daemon.wait_until_drained()) << daemon.log();
    EXPECT_EQ(upstream.requests().size(), 1U);
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
}

}  // namespace
}  // namespace posthaste
