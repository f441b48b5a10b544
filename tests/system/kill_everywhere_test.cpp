// SIGKILL at one system call after the other: wherever the daemon dies, at its first start or under load, the file
// opens again, everything acknowledged is delivered, and the totals add up.

#include <atomic>
#include <filesystem>

#include <gmock/gmock.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/fault_injection.hpp"

namespace posthaste {

namespace {

using testing::IsEmpty;

planned_fault kill_at(const std::string& call, int when) {
    return {call, "signal=SIGKILL", when, ""};
}

// process::wait() kills what does not end: that would look like the kill that was planned.
testing::AssertionResult killed_by_the_plan(daemon_under_test& daemon) {
    if (!wait_until([&] { return daemon.running().ended().has_value(); }))
        return testing::AssertionFailure() << "the call never came: " << daemon.status();
    if (daemon.running().wait() == -SIGKILL) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "it ended otherwise: " << daemon.log();
}

// What is left of a life that ended at a system call, and the next life that makes up for it.
void expect_made_up_for(daemon_under_test& daemon, const load& users, upstream_process& upstream) {
    const bool is_made = std::filesystem::exists(daemon.outbox_path());  // the lock comes first
    EXPECT_EQ(is_made ? integrity_of(daemon.outbox_path()) : "ok", "ok");
    daemon.run_under({});
    daemon.start();
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();
    EXPECT_THAT(lost(users, upstream), IsEmpty());
    EXPECT_TRUE(accounts_close(daemon));
    EXPECT_EQ(daemon.status().at("totals").at("delivered"), bodies_by_key(upstream).size());
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
    EXPECT_EQ(integrity_of(daemon.outbox_path()), "ok");
}

// A new outbox, and the kill at the when-th call of any thread, counted from the start of the program.
void kill_from_birth(const planned_fault& fault) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.run_under(strace_with(fault));
    std::atomic<std::uint16_t> port = 0;
    load users(2, 2, [&port] { return port.load(); });
    if (daemon.try_start()) port = daemon.port();
    ASSERT_TRUE(killed_by_the_plan(daemon));
    port = 0;
    users.finish();
    expect_made_up_for(daemon, users, upstream);
}

// The kill at the when-th call of one thread, counted from some moment under load.
void kill_under_load(const std::string& thread, const planned_fault& fault) {
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.start();
    std::atomic<std::uint16_t> port = daemon.port();
    load users(2, 2, [&port] { return port.load(); });
    ASSERT_TRUE(wait_until([&] { return users.acknowledged_count() >= 10; })) << daemon.log();
    const fault_injection injected(daemon.running().id(), thread, fault);
    ASSERT_TRUE(killed_by_the_plan(daemon));
    port = 0;
    users.finish();
    expect_made_up_for(daemon, users, upstream);
}

struct place {
    const char* name;
    const char* thread;  // "": any thread, from birth
    const char* call;
};

// Syncs and writes are the store's; messages are sent by the accept thread (answers) and the delivery thread
// (attempts).
constexpr place places[] = {
    {"syncs_from_birth", "", "fdatasync"},          {"writes_from_birth", "", "pwrite64"},
    {"messages_from_birth", "", "sendto"},          {"syncs_of_the_store", "store", "fdatasync"},
    {"writes_of_the_store", "store", "pwrite64"},   {"answers_to_clients", "posthaste", "sendto"},
    {"attempts_of_delivery", "delivery", "sendmsg"}};

void PrintTo(const place& where, std::ostream* out) {
    *out << where.call;
}

class kill_everywhere : public testing::TestWithParam<place> {
  protected:
    void SetUp() override {
        if (!no_fault_injection().empty())
            GTEST_SKIP() << "NOT TESTED what a kill at each system call leaves: " << no_fault_injection();
    }

    static void kill_once(int when) {
        const place& where = GetParam();
        SCOPED_TRACE(std::string(where.call) + " number " + std::to_string(when));
        if (where.thread[0] == '\0')
            kill_from_birth(kill_at(where.call, when));
        else
            kill_under_load(where.thread, kill_at(where.call, when));
    }
};

using slow_kill_everywhere = kill_everywhere;

std::string name_of(const testing::TestParamInfo<place>& info) {
    return info.param.name;
}

}  // namespace

TEST_P(kill_everywhere, at_a_few_of_the_first_calls_loses_nothing_acknowledged) {
    for (const int when : {1, 2, 3, 5, 8, 13, 34})
        ASSERT_NO_FATAL_FAILURE(kill_once(when));
}

TEST_P(slow_kill_everywhere, at_each_of_the_first_fifty_calls_loses_nothing_acknowledged) {
    for (int when = 1; when <= 50; ++when)
        ASSERT_NO_FATAL_FAILURE(kill_once(when));
}

INSTANTIATE_TEST_SUITE_P(, kill_everywhere, testing::ValuesIn(places), name_of);
INSTANTIATE_TEST_SUITE_P(, slow_kill_everywhere, testing::ValuesIn(places), name_of);

}  // namespace posthaste
