// SIGKILL in mid-load, again and again: nothing acknowledged is lost, and each user's events stay in order.

#include <algorithm>
#include <atomic>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/load.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

namespace {

// What the upstream saw of one user: the numbers in the order they came, by the life of the daemon that sent them.
using life_of_lane = std::map<int, std::vector<int>>;

struct delivered_load {
    std::map<std::string, life_of_lane> lanes;
    std::map<load_event, std::set<std::string>> keys;  // the Idempotency-Keys each event came with
    std::size_t repeats = 0;
};

// `first_of_life`: each life's first connection to the upstream.
delivered_load sort_requests(const std::vector<recorded_request>& requests,
                             const std::vector<std::uint64_t>& first_of_life) {
    delivered_load seen;
    for (const recorded_request& request : requests) {
        const auto event = load_event_of(request.body);
        if (!event) continue;
        int life = 0;
        for (const std::uint64_t first : first_of_life)
            life += request.connection > first ? 1 : 0;
        seen.lanes[event->user][life].push_back(event->number);
        seen.keys[*event].insert(request.field("Idempotency-Key"));
    }
    return seen;
}

// Within a life each number once and rising; across lives only the end of the previous life may come again.
void expect_order(const std::string& user, const life_of_lane& lives, std::size_t& repeats) {
    std::vector<int> sent;  // first occurrences, in order
    for (const auto& [life, numbers] : lives) {
        const std::string where = user + " in life " + std::to_string(life) + " of the daemon";
        std::size_t again = sent.size();  // the repeat that comes next
        for (std::size_t n = 0; n < numbers.size(); ++n) {
            EXPECT_TRUE(n == 0 || numbers[n - 1] < numbers[n]) << where << ": #" << numbers[n] << " was sent late";
            if (sent.empty() || numbers[n] > sent.back()) {
                EXPECT_EQ(again, sent.size()) << where << ": new events came before the repeats";
                sent.push_back(numbers[n]);
                again = sent.size();
                continue;
            }
            if (again == sent.size())
                again = static_cast<std::size_t>(std::find(sent.begin(), sent.end(), numbers[n]) - sent.begin());
            ASSERT_LT(again, sent.size()) << where << ": an older event was sent behind newer ones";
            EXPECT_EQ(sent[again], numbers[n]) << where << ": a repeat was left out";
            ++again;
            ++repeats;
        }
    }
}

void kill_in_mid_load(int kills, int connections, int users_a_connection) {
    upstream_process upstream;
    upstream.start();
    answer_step slow;  // slower than the load: at each kill there is a backlog, and much is in flight
    slow.after = std::chrono::milliseconds{10};
    upstream.answer_with({slow});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    std::atomic<std::uint16_t> port = daemon.port();
    load users(connections, users_a_connection, [&port] { return port.load(); });
    std::vector<std::uint64_t> first_of_life;

    std::mt19937 random(20);  // the same kills each time, as far as two processes can be repeated
    for (int kill = 0; kill < kills; ++kill) {
        const std::size_t enough = users.acknowledged_count() + 20 + random() % 300;
        ASSERT_TRUE(wait_until([&] { return users.acknowledged_count() >= enough; })) << daemon.log();
        port = 0;
        daemon.kill9();
        // A request of our own divides the connections of this life from those of the next.
        ASSERT_TRUE(http_call(upstream.port(), "GET", "/life/" + std::to_string(kill)));
        ASSERT_TRUE(wait_until([&] {
            const auto& requests = upstream.requests();
            for (auto last = requests.rbegin(); last != requests.rend(); ++last)
                if (last->path == "/life/" + std::to_string(kill))
                    return first_of_life.push_back(last->connection), true;
            return false;
        }));
        daemon.start();
        port = daemon.port();
    }
    users.finish();
    EXPECT_EQ(users.refusals(), std::vector<std::string>{});
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status();

    const auto acknowledged = users.acknowledged();
    const delivered_load seen = sort_requests(upstream.requests(), first_of_life);
    for (const auto& [event, id] : acknowledged) {
        const auto found = seen.keys.find(event);
        if (found == seen.keys.end())
            ADD_FAILURE() << "lost: " << event.user << " #" << event.number << ", acknowledged as " << id;
        else
            EXPECT_EQ(found->second, std::set<std::string>{id}) << event.user << " #" << event.number;
    }
    for (const auto& [event, keys] : seen.keys)
        EXPECT_EQ(keys.size(), 1u) << event.user << " #" << event.number;
    std::size_t repeats = 0;
    for (const auto& [user, lives] : seen.lanes)
        expect_order(user, lives, repeats);
    const nlohmann::json totals = daemon.status().at("totals");
    EXPECT_EQ(totals.at("accepted"), seen.keys.size());
    EXPECT_EQ(totals.at("delivered"), seen.keys.size());
    std::printf("%zu acknowledged, %zu delivered, %zu of them repeated after a crash\n", acknowledged.size(),
                seen.keys.size(), repeats);
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
}

}  // namespace

TEST(kill, twenty_times_in_mid_load_loses_nothing_and_keeps_the_order) {
    kill_in_mid_load(20, 4, 3);
}

TEST(slow_kill, a_hundred_times_under_many_users_loses_nothing_and_keeps_the_order) {
    kill_in_mid_load(100, 16, 20);
}

}  // namespace posthaste
