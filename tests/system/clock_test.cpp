// The clock on the wall jumps by a day (faketime): nothing is sent too early, nothing freezes, nothing dies of age.

#include <fstream>

#include <glob.h>
#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"

namespace posthaste {
namespace {

// "" where it is not installed.
std::string faketime_library() {
    glob_t found{};
    std::string path;
    if (glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, nullptr, &found) == 0) path = found.gl_pathv[0];
    globfree(&found);
    return path;
}

struct jumping_clock : testing::Test {
    void SetUp() override {
        if (sanitized) GTEST_SKIP() << "NOT TESTED with jumping clocks: a sanitizer bears no other library before it";
        const std::string library = faketime_library();
        if (library.empty()) GTEST_SKIP() << "NOT TESTED with jumping clocks: faketime is missing (apt: faketime)";
        upstream.start();
        upstream.answer_where("\"userId\": \"sick\"", {answers(500)});
        clock("+0");
        daemon.set_environment({{"LD_PRELOAD", library},
                                {"FAKETIME_TIMESTAMP_FILE", folder / "clock"},
                                {"FAKETIME_NO_CACHE", "1"},
                                {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}});
    }

    // By so much from now on, from the daemon's next look at the clock on.
    void clock(const std::string& offset) {
        std::filesystem::rename(folder.write("clock.new", offset + "\n"), folder / "clock");
    }
    // Jumps, and makes sure of it.
    void jump(const std::string& offset, const std::string& date) {
        clock(offset);
        ASSERT_EQ(daemon.event(deliver_one()).at("receivedAt").get<std::string>().substr(0, 10), date);
    }
    std::string deliver_one() {
        const std::string id = daemon.post(sample_event("healthy"));
        EXPECT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
        return id;
    }
    int attempts(const std::string& id) { return daemon.event(id).at("attempts"); }
    // A healthy one goes between, so that all failures in a row do not stop everything.
    void wait_for_attempts(const std::string& id, int count) {
        while (attempts(id) < count && !HasFailure()) {
            const int before = attempts(id);
            deliver_one();
            ASSERT_TRUE(wait_until([&] { return attempts(id) > before; })) << daemon.event(id) << daemon.log();
        }
    }
    static std::string today_and(int days) {
        const std::time_t then = std::time(nullptr) + days * 86'400L;
        char date[16];
        std::strftime(date, sizeof date, "%F", std::gmtime(&then));
        return date;
    }

    const temp_folder folder;
    upstream_process upstream;
    daemon_under_test daemon{upstream.url()};
};

TEST_F(jumping_clock, does_not_age_an_event_that_fails_nor_stop_its_attempts) {
    daemon.configure({{"delivery", {{"retry", {{"max_age", "1h"}}}}}});
    daemon.start();
    const std::string sick = daemon.post(load_body({"sick", 1}));
    wait_for_attempts(sick, 8);  // from now on it could die of age
    jump("+1d", today_and(1));
    wait_for_attempts(sick, 11);
    jump("-1d", today_and(-1));
    wait_for_attempts(sick, 14);
    EXPECT_EQ(daemon.event(sick).at("state"), "pending") << daemon.event(sick);
    upstream.answer_where("\"userId\": \"sick\"", {answers(200)});
    EXPECT_TRUE(daemon.wait_for_state(sick, "delivered")) << daemon.event(sick) << daemon.log();
    EXPECT_EQ(daemon.status().at("queue").at("dead"), 0);
}

TEST_F(jumping_clock, does_not_bring_a_waiting_event_forward) {
    daemon.configure({{"delivery", {{"retry", {{"initial", "1h"}, {"max", "1h"}}}}}});
    daemon.start();
    const std::string sick = daemon.post(load_body({"sick", 1}));
    ASSERT_TRUE(wait_until([&] { return attempts(sick) == 1; })) << daemon.log();
    jump("+1d", today_and(1));
    jump("-1d", today_and(-1));
    EXPECT_EQ(attempts(sick), 1);
    EXPECT_EQ(upstream.requests().size(), 3U) << "the sick one once, and the two that were delivered";
}

TEST_F(jumping_clock, that_fell_back_freezes_nothing_over_a_restart) {
    daemon.start();
    const std::string sick = daemon.post(load_body({"sick", 1}));
    wait_for_attempts(sick, 3);
    EXPECT_EQ(daemon.stop(), 0);
    clock("-1d");
    daemon.start();
    wait_for_attempts(sick, 5);  // the next one stands in the outbox for a day hence
    EXPECT_EQ(daemon.event(sick).at("state"), "pending");
    upstream.answer_where("\"userId\": \"sick\"", {answers(200)});
    EXPECT_TRUE(daemon.wait_for_state(sick, "delivered")) << daemon.event(sick) << daemon.log();
}

TEST_F(jumping_clock, that_sprang_ahead_kills_nothing_over_a_restart) {
    daemon.start();
    const std::string sick = daemon.post(load_body({"sick", 1}));
    wait_for_attempts(sick, 9);
    EXPECT_EQ(daemon.stop(), 0);
    clock("+1d");
    daemon.start();
    wait_for_attempts(sick, 11);
    EXPECT_EQ(daemon.event(sick).at("state"), "pending");
    upstream.answer_where("\"userId\": \"sick\"", {answers(200)});
    EXPECT_TRUE(daemon.wait_for_state(sick, "delivered")) << daemon.event(sick) << daemon.log();
}

}  // namespace
}  // namespace posthaste
