// A million events of one user wait, and hold up nobody: not while their head fails, not while they are delivered one
// after the other, and not after a restart.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <utility>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

namespace {

constexpr std::size_t many = 1'000'000;
constexpr std::size_t most_memory_kib = 256UL * 1024;
// What a run may leave to be looked at by the next one: what passes between two marks, and a window.
constexpr std::size_t most_beyond_mark = 32'768 + 20'000;

std::string line_of(std::size_t number) {
    const unsigned long long tail = (static_cast<unsigned long long>(number) << 18U) | 5U;
    char id[64];
    std::snprintf(id, sizeof id, "0197f0a0-0000-7000-%04llx-%012llx", 0x8000U | (tail >> 48U),
                  tail & 0xffffffffffffULL);
    return std::string(R"({"id":")") + id +
           R"(","path":"/run/event","apiVersion":"","receivedAt":"2026-11-23T12:00:00.000Z","state":"pending",)" +
           R"("body":"{\"event\":\"e\",\"userId\":\"hot\",\"data\":{\"n\":)" + std::to_string(number) + R"(}}"})" +
           "\n";
}

void import_many(const daemon_under_test& daemon) {
    for (std::size_t number = 1; number <= many;) {
        std::string lines;
        for (; lines.size() < 8'000'000 && number <= many; ++number)
            lines += line_of(number);
        const auto answer =
            http_call(daemon.port(), "POST", "/v1/import", {{"Content-Type", "application/x-ndjson"}}, lines);
        ASSERT_TRUE(answer && answer->status == 200) << (answer ? answer->body : "no answer");
    }
}

// The numbers of the hot user's events, in the order they were sent.
std::vector<std::size_t> sent(upstream_process& upstream) {
    std::vector<std::size_t> numbers;
    for (const recorded_request& request : upstream.requests()) {
        const auto body = nlohmann::json::parse(request.body);
        if (body["userId"] == "hot") numbers.push_back(body["data"]["n"]);
    }
    return numbers;
}

std::size_t memory_kib(daemon_under_test& daemon) {
    std::ifstream facts("/proc/" + std::to_string(daemon.running().id()) + "/status");
    for (std::string line; std::getline(facts, line);)
        if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
    return 0;
}

void expect_others_pass(daemon_under_test& daemon, const std::string& user) {
    const auto id = daemon.post(sample_event(user));
    const auto is_delivered = [&] {
        const auto known = daemon.event(id);
        return known.is_object() && known["state"] == "delivered";
    };
    EXPECT_TRUE(wait_until(is_delivered, std::chrono::minutes{5})) << daemon.status();
    EXPECT_GT(daemon.status()["queue"]["pending"], many * 9 / 10) << "and not only once the others were through";
    EXPECT_LT(memory_kib(daemon), most_memory_kib);
}

std::size_t pending_beyond_mark(const daemon_under_test& stopped) {
    sqlite3* database = nullptr;
    sqlite3_stmt* counted = nullptr;
    EXPECT_EQ(sqlite3_open(stopped.outbox_path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(database, "SELECT count(*) FROM events WHERE seq > (SELECT parked_to FROM meta)", -1,
                                 &counted, nullptr),
              SQLITE_OK);
    EXPECT_EQ(sqlite3_step(counted), SQLITE_ROW);
    const auto count = static_cast<std::size_t>(sqlite3_column_int64(counted, 0));
    sqlite3_finalize(counted);
    sqlite3_close(database);
    return count;
}

}  // namespace

TEST(slow_lanes, a_million_events_behind_a_head_that_fails_hold_up_nobody_also_after_a_restart) {
    upstream_process upstream;
    upstream.start();
    upstream.answer_where(R"("userId":"hot")", {answers(503)});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    import_many(daemon);
    expect_others_pass(daemon, "ada");

    ASSERT_EQ(daemon.stop(), 0) << daemon.log();
    EXPECT_LT(pending_beyond_mark(daemon), most_beyond_mark);
    daemon.start();
    expect_others_pass(daemon, "bob");
    const auto numbers = sent(upstream);
    EXPECT_FALSE(numbers.empty());
    EXPECT_TRUE(std::ranges::all_of(numbers, [](std::size_t number) { return number == 1; })) << "only the head";
}

TEST(slow_lanes, a_million_events_that_are_sent_one_by_one_hold_up_nobody_also_after_a_crash) {
    upstream_process upstream;
    upstream.start();
    answer_step slowly = answers(200);
    slowly.after = std::chrono::milliseconds{5};
    upstream.answer_where(R"("userId":"hot")", {slowly});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    import_many(daemon);
    expect_others_pass(daemon, "ada");

    daemon.kill9();
    EXPECT_LT(pending_beyond_mark(daemon), most_beyond_mark);
    daemon.start();
    expect_others_pass(daemon, "bob");
    daemon.kill9();

    const auto numbers = sent(upstream);
    const std::set<std::size_t> different(numbers.begin(), numbers.end());
    ASSERT_FALSE(different.empty());
    EXPECT_EQ(*different.rbegin(), different.size()) << "none was left out";
    EXPECT_LE(numbers.size() - different.size(), 64u) << "again only what the crash cut off";
    EXPECT_LE(std::ranges::count_if(
                  numbers,
                  [last = std::size_t{0}](std::size_t number) mutable { return number < std::exchange(last, number); }),
              1)
        << "in their order";
}

}  // namespace posthaste
