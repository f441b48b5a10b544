// `posthaste retry --dead` and `posthaste discard --dead` of very many: broken off, repeated, and the daemon killed in
// the middle. Each event is changed once, and the accounts close.

#include <algorithm>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/backlog.hpp"
#include "tests/system/support/terminal_session.hpp"

namespace posthaste {
namespace {

using nlohmann::json;

// A call changes 10,000 at most.
constexpr int users = 1'000;
constexpr std::uint64_t all = 30'000;

std::uint64_t number_in(std::string text) {
    std::erase(text, ',');
    return std::stoull(text);
}

// What stands before "events were …".
std::uint64_t told_in(const std::string& text) {
    std::smatch found;
    return std::regex_search(text, found, std::regex("([0-9,]+) events? (was|were) ")) ? number_in(found[1]) : 0;
}

// The percentages that a bar went through.
std::vector<int> steps_of_bar(const std::string& terminal) {
    const std::regex step("([0-9]+) %");
    std::vector<int> steps;
    for (std::sregex_iterator at(terminal.begin(), terminal.end(), step), end; at != end; ++at)
        steps.push_back(std::stoi((*at)[1]));
    return steps;
}

struct slow_changes : testing::Test {
    slow_changes() {
        upstream.start();
        upstream.answer_with({answers(400)});
        daemon.start();
        import_backlog(daemon, events_of_users(users, static_cast<int>(all) / users));
        EXPECT_TRUE(drain());
        EXPECT_EQ(queued("dead"), all);
    }

    [[nodiscard]] std::uint64_t queued(const char* what) const { return daemon.status()["queue"][what]; }
    [[nodiscard]] std::uint64_t total(const char* what) const { return daemon.status()["totals"][what]; }
    // False: nothing was delivered for as long as a test has patience.
    [[nodiscard]] bool drain() const {
        for (std::uint64_t left = queued("pending"); left > 0; left = queued("pending"))
            if (!wait_until([&] { return queued("pending") < left; })) return false;
        return true;
    }
    [[nodiscard]] process_options command(std::vector<std::string> words) const {
        words.insert(words.begin(), posthaste_binary());
        return {std::move(words), {{"POSTHASTE_SERVER", daemon.url()}}, {}, {}};
    }
    // Once the daemon is at it.
    [[nodiscard]] bool wait_until_begun(std::uint64_t dead_before) const {
        return wait_until([&] {
            const json status = daemon.status();
            return !status.is_null() && status["queue"]["dead"] < dead_before;
        });
    }
    // Breaks it off with SIGINT; gives how many it says it changed.
    [[nodiscard]] std::uint64_t interrupt(const std::vector<std::string>& words) const {
        process changing(command(words));
        EXPECT_TRUE(wait_until_begun(all));
        changing.signal(SIGINT);
        EXPECT_EQ(changing.wait(), 1);
        EXPECT_THAT(changing.standard_error(), testing::HasSubstr("interrupted: "));
        return told_in(changing.standard_error());
    }
    // Kills the daemon in the middle, and starts it again; gives how many the command says were changed for sure.
    [[nodiscard]] std::uint64_t kill_during(const std::vector<std::string>& words) {
        const std::uint64_t before = queued("dead");
        process changing(command(words));
        EXPECT_TRUE(wait_until_begun(before));
        daemon.kill9();
        EXPECT_EQ(changing.wait(), 1);
        daemon.start();
        return told_in(changing.standard_error());
    }
    void expect_the_bar_moved(const finished& told) const {
        const auto steps = steps_of_bar(told.output);
        EXPECT_GE(steps.size(), 2U) << told.output;
        EXPECT_TRUE(std::ranges::is_sorted(steps)) << told.output;
        EXPECT_EQ(steps.empty() ? 0 : steps.back(), 100) << told.output;
    }

    // All are delivered: refused once, then taken.
    void expect_each_sent_once_more() {
        ASSERT_TRUE(drain());
        EXPECT_EQ(total("delivered"), all);
        EXPECT_TRUE(accounts_close(daemon));
        const auto sent = bodies_by_key(upstream);
        EXPECT_EQ(sent.size(), all);
        EXPECT_TRUE(std::ranges::all_of(sent, [](const auto& each) { return each.second.size() == 2; }));
    }

    upstream_process upstream;
    daemon_under_test daemon{upstream.url(), {{"delivery", {{"reject_guard", 0}}}}};
};

TEST_F(slow_changes, a_retry_that_is_interrupted_and_repeated_sends_each_event_once_more) {
    upstream.answer_with({answers(200)});
    const std::uint64_t first = interrupt({"retry", "--dead"});
    EXPECT_GT(first, 0U);
    EXPECT_LT(first, all);
    EXPECT_EQ(queued("dead"), all - first);
    const auto rest = run_to_end(on_a_terminal(daemon.url(), "retry --dead"));
    EXPECT_EQ(rest.status, 0) << rest.output;
    std::smatch retried;
    ASSERT_TRUE(std::regex_search(rest.output, retried, std::regex("retried ([0-9,]+) events")));
    EXPECT_EQ(number_in(retried[1]), all - first);
    expect_the_bar_moved(rest);
    expect_each_sent_once_more();
}

TEST_F(slow_changes, a_retry_over_a_killed_daemon_sends_each_event_once_more) {
    upstream.answer_with({answers(200)});
    ASSERT_EQ(run_to_end(command({"pause"})).status, 0);
    const std::uint64_t told = kill_during({"retry", "--dead"});
    EXPECT_GE(queued("pending"), told) << "what was told is durable";
    EXPECT_EQ(queued("pending") + queued("dead"), all);
    EXPECT_TRUE(accounts_close(daemon));
    ASSERT_EQ(run_to_end(command({"retry", "--dead"})).status, 0);
    EXPECT_EQ(queued("pending"), all);
    EXPECT_EQ(queued("dead"), 0U);
    ASSERT_EQ(run_to_end(command({"resume"})).status, 0);
    expect_each_sent_once_more();
}

TEST_F(slow_changes, a_retry_of_what_dies_again_meanwhile_ends) {
    const auto told = run_to_end(command({"retry", "--dead"}));
    EXPECT_EQ(told.status, 0) << told.error;
    EXPECT_EQ(told.output, "retried 30,000 events\n");
    ASSERT_TRUE(drain());
    EXPECT_EQ(queued("dead"), all);
    EXPECT_TRUE(accounts_close(daemon));
}

TEST_F(slow_changes, a_discard_that_is_interrupted_and_killed_and_repeated_removes_each_event_once) {
    const std::uint64_t first = interrupt({"discard", "--dead", "--yes"});
    EXPECT_GT(first, 0U);
    EXPECT_EQ(total("discarded"), first);
    EXPECT_EQ(queued("dead"), all - first);
    const std::uint64_t second = kill_during({"discard", "--dead", "--yes"});
    EXPECT_GE(total("discarded"), first + second) << "what was told is durable";
    EXPECT_TRUE(accounts_close(daemon));
    const auto rest = run_to_end(on_a_terminal(daemon.url(), "discard --dead --yes"));
    EXPECT_EQ(rest.status, 0) << rest.output;
    expect_the_bar_moved(rest);
    EXPECT_EQ(total("discarded"), all);
    EXPECT_EQ(queued("dead"), 0U);
    EXPECT_TRUE(accounts_close(daemon));
    ASSERT_EQ(daemon.stop(), 0);
    EXPECT_EQ(integrity_of(daemon.outbox_path()), "ok");
}

}  // namespace
}  // namespace posthaste
