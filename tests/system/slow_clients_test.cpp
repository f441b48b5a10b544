// Slow clients and greedy ones, in crowds: who is honest is served beside them, the memory stays bounded, and running
// out of descriptors is survived.

#include <deque>
#include <filesystem>
#include <fstream>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/peer_program.hpp"
#include "tests/system/support/raw_socket.hpp"
#include "tests/system/support/slow_crowd.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

constexpr std::size_t MiB = 1024 * 1024;
constexpr std::size_t crowd_size = 1500;
constexpr std::size_t usual_limit = 1024;                  // limits.connections
constexpr std::size_t most_connections = usual_limit + 2;  // one is let in or waits, one goes to the upstream
constexpr std::size_t memory_limit = 128 * MiB;

std::size_t memory_of(pid_t process, std::string_view field) {
    std::ifstream file("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(field)) return std::stoul(line.substr(field.size() + 1)) * 1024;
    return 0;
}

// A sanitizer's own memory hides the program's.
void expect_peak_memory_under(std::size_t bytes, daemon_under_test& daemon) {
    const std::size_t peak = memory_of(daemon.running().id(), "VmHWM");
    std::printf("the daemon's memory at its peak: %zu KiB\n", peak / 1024);
    ASSERT_GT(peak, 0U);
    if (!sanitized) {
        EXPECT_LT(peak, bytes);
    }
}

std::size_t open_files(daemon_under_test& daemon) {
    const std::filesystem::directory_iterator files("/proc/" + std::to_string(daemon.running().id()) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

std::string slow_head() {
    return "POST /run/event HTTP/1.1\r\nHost: localhost\r\nX-Slow: aaaa";
}

std::string slow_body(std::size_t announced) {
    return "POST /run/event HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(announced) + "\r\n\r\n{\"event\": \"aaaa";
}

std::string event_text(std::uint16_t port) {
    return request_text("POST", "/run/event", {{"Content-Type", "application/json"}}, sample_event(), port);
}

// Those of the crowd who had to make room: they went without a word, while who is too slow is told so (408). A
// sanitized daemon takes so long over a crowd that deadlines are quicker: there they count, too.
std::size_t evicted(const slow_crowd& crowd) {
    if (sanitized) {
        std::size_t all = 0;
        for (const auto& [status, clients] : crowd.closed())
            all += clients;
        return all;
    }
    const auto without_a_word = crowd.closed().find(0);
    return without_a_word == crowd.closed().end() ? 0 : without_a_word->second;
}

// All connect, and more than the limit lets in: until the first had to make room, which no deadline does for them.
void crowd_in(slow_crowd& crowd, std::size_t clients, std::size_t connects_a_turn) {
    while (crowd.connects() < clients)
        crowd.turn(connects_a_turn);
    ASSERT_TRUE(wait_until([&] {
        crowd.turn(0);
        return evicted(crowd) > 0;
    })) << "nobody had to make room";
}

// Connects, lets the crowd have its turn before it says a word, and posts.
void post_among(slow_crowd& crowd, daemon_under_test& daemon, std::size_t connects_a_turn) {
    raw_socket honest(daemon.port());
    crowd.turn(connects_a_turn);
    ASSERT_TRUE(honest.send(event_text(daemon.port())));
    const auto answer = honest.read_answer();
    ASSERT_TRUE(answer) << "an honest client was closed after " << crowd.connects() << " slow ones connected";
    EXPECT_EQ(answer->status, 202) << answer->body;
}

struct slow_clients : testing::TestWithParam<std::vector<std::string>> {};

TEST_P(slow_clients, never_keep_an_honest_one_out) {
    daemon_under_test daemon;
    daemon.start();
    const std::size_t own_files = open_files(daemon);
    slow_crowd crowd(daemon.port(), crowd_size, GetParam());
    crowd_in(crowd, crowd_size, 250);
    ASSERT_FALSE(HasFatalFailure());
    std::optional<raw_socket> kept;
    for (int turn = 0; turn < 60; ++turn) {
        post_among(crowd, daemon, 250);
        ASSERT_FALSE(HasFatalFailure()) << "turn " << turn;
        EXPECT_LE(open_files(daemon), own_files + most_connections);
        // One that keeps its connection, and opens another when it finds it closed.
        for (int tries = 0;; ++tries) {
            ASSERT_LT(tries, 2);
            if (!kept) kept.emplace(daemon.port());
            const auto answer = kept->send(event_text(daemon.port())) ? kept->read_answer() : std::nullopt;
            if (answer) {
                EXPECT_EQ(answer->status, 202) << answer->body;
                break;
            }
            kept.reset();
        }
    }
    EXPECT_GT(evicted(crowd), 500U) << "too few had to make room to show anything";
    expect_peak_memory_under(memory_limit, daemon);
    crowd.leave();
    EXPECT_TRUE(wait_until([&] { return open_files(daemon) < own_files + 10; }));
    EXPECT_EQ(post_event(daemon.port(), sample_event())->status, 202);
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
}

std::string name_of(const testing::TestParamInfo<std::vector<std::string>>& tested) {
    if (tested.param.size() > 1) return "heads_and_bodies";
    return tested.param.front() == slow_head() ? "heads" : "bodies";
}

INSTANTIATE_TEST_SUITE_P(of, slow_clients,
                         testing::Values(std::vector{slow_head()}, std::vector{slow_body(MiB)},
                                         std::vector{slow_head(), slow_body(1000), slow_body(MiB)}),
                         name_of);

struct slowhttptest : testing::TestWithParam<const char*> {};

TEST_P(slowhttptest, never_keeps_an_honest_client_out) {
    POSTHASTE_NEEDS_PROGRAM("slowhttptest");
    daemon_under_test daemon;
    daemon.start();
    const std::size_t own_files = open_files(daemon);
    // The first at it is the first who has to make room, and goes without a word: a deadline would tell it 408.
    raw_socket first(daemon.port());
    ASSERT_TRUE(first.send(std::string_view(GetParam()) == "-H" ? slow_head() : slow_body(MiB)));
    process attack({.command = {find_tool("slowhttptest"),
                                GetParam(),
                                "-c",
                                "1500",
                                "-r",
                                "1500",
                                "-i",
                                "1",
                                "-l",
                                "600",
                                "-x",
                                "8",
                                "-s",
                                "1000000",
                                "-f",
                                "application/json",
                                "-p",
                                "60",
                                "-v",
                                "0",
                                "-u",
                                daemon.url() + "/run/event"},
                    .environment = {},
                    .folder = daemon.folder().path().string(),
                    .input = {}});
    ASSERT_TRUE(wait_until([&] { return open_files(daemon) >= own_files + usual_limit - 8 || attack.ended(); }))
        << open_files(daemon) << " files are open\n"
        << attack.output();
    int beside = 0;
    for (int i = 0; i < 300; ++i) {
        const auto answer = post_event(daemon.port(), sample_event());
        ASSERT_TRUE(answer) << "after " << i;
        EXPECT_EQ(answer->status, 202) << answer->body;
        EXPECT_LE(open_files(daemon), own_files + most_connections);
        beside += attack.ended() ? 0 : 1;
    }
    // It ends with its last connection, and a sanitized daemon may take longer over so many posts than its deadlines.
    EXPECT_GE(beside, sanitized ? 30 : 300) << attack.output();
    EXPECT_TRUE(sanitized || first.closed_by_peer()) << "it did not make room: " << first.read_some();
    expect_peak_memory_under(memory_limit, daemon);
}

INSTANTIATE_TEST_SUITE_P(with, slowhttptest, testing::Values("-H", "-B"), [](const auto& tested) {
    return std::string(tested.param) == "-H" ? "slow_heads" : "slow_bodies";
});

TEST(greedy_clients, of_256_bodies_of_1_mib_as_many_are_taken_as_memory_is_for_them) {
    constexpr std::size_t bodies = 256;  // few enough to be sent well before the first ones are too slow
    daemon_under_test daemon;
    daemon.start();
    const std::string body = sample_event() + std::string(MiB - sample_event().size(), ' ');
    const std::string text =
        request_text("POST", "/run/event", {{"Content-Type", "application/json"}}, body, daemon.port());
    std::deque<raw_socket> clients;
    for (std::size_t i = 0; i < bodies; ++i)
        clients.emplace_back(daemon.port()).send(text.substr(0, text.size() - 1));  // who is refused may be cut off
    std::size_t taken = 0;
    std::size_t late = 0;  // held back for too long by us, as everything takes long where the daemon is sanitized
    std::size_t refused = 0;
    std::deque<raw_socket*> waiting;
    for (raw_socket& each : clients)
        waiting.push_back(&each);
    ASSERT_TRUE(wait_until([&] {
        std::erase_if(waiting, [&](raw_socket* each) {
            if (!each->has_more(std::chrono::milliseconds{0})) return false;
            const auto answer = each->read_answer();
            const std::string type = answer ? answer->json().value("type", "") : "";
            if (sanitized && type == "urn:posthaste:problem:request-timeout") return ++late > 0;
            ++refused;
            EXPECT_TRUE(answer && answer->status == 503 && answer->header("retry-after") == "1");
            EXPECT_EQ(type, "urn:posthaste:problem:busy");
            return true;
        });
        return waiting.size() <= 64;
    })) << waiting.size()
        << " bodies of 1 MiB are held";
    const auto small = post_event(daemon.port(), sample_event());
    ASSERT_TRUE(small);
    EXPECT_TRUE(small->status == 503 || small->status == 202) << small->status;
    expect_peak_memory_under(memory_limit, daemon);
    for (raw_socket* each : waiting) {
        ASSERT_TRUE(each->send(text.substr(text.size() - 1)));
        const auto answer = each->read_answer();
        ASSERT_TRUE(answer);
        const std::string type = answer->json().value("type", "");
        if (answer->status == 202)
            ++taken;
        else if (sanitized && type == "urn:posthaste:problem:request-timeout")
            ++late;
        else
            EXPECT_EQ(type, "urn:posthaste:problem:busy");
    }
    EXPECT_GE(taken + late, 32U) << "of 64, where the last ones may have had to share what was left";
    EXPECT_GE(refused + late, bodies - 64);
    EXPECT_EQ(post_event(daemon.port(), sample_event())->status, 202);
    expect_peak_memory_under(memory_limit, daemon);
}

TEST(greedy_clients, take_no_memory_for_what_they_only_announce) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"limits", {{"body", "16MiB"}}}});
    daemon.start();
    EXPECT_EQ(post_event(daemon.port(), sample_event())->status, 202);
    const std::size_t before = memory_of(daemon.running().id(), "VmHWM");
    const std::string head = request_text(
        "POST", "/run/event", {{"Content-Type", "application/json"}, {"Content-Length", std::to_string(16 * MiB)}}, "",
        daemon.port());
    std::deque<raw_socket> clients;
    for (int i = 0; i < 15; ++i) {  // each a little more than it doubled its memory for, had it doubled it
        ASSERT_TRUE(clients.emplace_back(daemon.port()).send(head));
        ASSERT_FALSE(clients.back().has_more(std::chrono::milliseconds{20}));
        ASSERT_TRUE(clients.back().send(std::string(4 * MiB + 100 * 1024, ' ')));
    }
    EXPECT_EQ(http_call(daemon.port(), "GET", "/livez")->status, 200);
    for (raw_socket& each : clients)
        EXPECT_FALSE(each.has_more(std::chrono::milliseconds{20})) << "within the 64 MiB";
    expect_peak_memory_under(before + 80 * MiB, daemon);
}

TEST(greedy_clients, get_no_more_memory_for_a_body_of_brackets_than_for_any_other) {
    struct call {
        const char* path;
        const char* type;
        std::string brackets;
    };
    const std::string many(MiB - 16, '[');
    for (const call& each :
         {call{"/run/event", "application/json", many}, call{"/run/event", "application/json", "{\"data\":" + many},
          call{"/run/events", "application/json", many}, call{"/run/events", "application/x-ndjson", many},
          call{"/v1/import", "application/x-ndjson", many},
          call{"/v1/import", "application/x-ndjson", "{\"x\":" + many}}) {
        SCOPED_TRACE(std::string(each.path) + " " + each.type);
        daemon_under_test daemon;
        daemon.start();
        const auto post = [&](const std::string& body) {
            const auto answer = http_call(daemon.port(), "POST", each.path, {{"Content-Type", each.type}}, body);
            ASSERT_TRUE(answer);
            EXPECT_TRUE(answer->status == 400 || answer->status == 422) << answer->status << answer->body;
        };
        for (int i = 0; i < 4; ++i)
            post(std::string(each.brackets.size() - 1, ' ') + "x");
        const std::size_t before = memory_of(daemon.running().id(), "VmHWM");
        post(each.brackets);
        expect_peak_memory_under(before + MiB, daemon);
    }
}

TEST(greedy_clients, with_the_largest_body_that_can_be_configured_leave_room_for_others) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"limits", {{"batch_body", "32MiB"}}}});
    daemon.start();
    raw_socket greedy(daemon.port());
    ASSERT_TRUE(greedy.send(request_text(
        "POST", "/run/events", {{"Content-Type", "application/json"}, {"Content-Length", std::to_string(32 * MiB)}}, "",
        daemon.port())));
    ASSERT_TRUE(greedy.send(std::string(32 * MiB - 1, ' ')));
    EXPECT_EQ(post_event(daemon.port(), sample_event() + std::string(900 * 1024, ' '))->status, 202);
}

TEST(file_descriptors, that_run_out_keep_no_honest_client_out_and_nothing_is_lost) {
    if (sanitized) GTEST_SKIP() << "NOT TESTED without descriptors: the sanitizers' own checks open pipes";
    upstream_process upstream;
    upstream.start();
    daemon_under_test daemon(upstream.url());
    daemon.run_under({"/bin/sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"});
    daemon.start();
    slow_crowd crowd(daemon.port(), 200, {slow_head(), slow_body(MiB)});
    crowd_in(crowd, 200, 10);
    ASSERT_FALSE(HasFatalFailure()) << daemon.log();
    EXPECT_TRUE(daemon.running().wait_for_output("cannot accept connections on ")) << daemon.log();
    for (int turn = 0; turn < 60; ++turn) {
        post_among(crowd, daemon, 10);
        ASSERT_FALSE(HasFatalFailure()) << "turn " << turn << daemon.log();
    }
    EXPECT_GT(evicted(crowd), 300U) << "too few had to make room to show anything";
    crowd.leave();
    EXPECT_EQ(post_event(daemon.port(), sample_event())->status, 202);
    EXPECT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log();
    EXPECT_EQ(daemon.status()["totals"]["delivered"], 61);
    EXPECT_EQ(daemon.stop(), 0) << daemon.log();
}

}  // namespace
}  // namespace posthaste
