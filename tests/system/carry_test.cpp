// Listing, exporting and importing: what is in the queue can be seen, and carried to another daemon.

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/raw_socket.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream from(text);
    for (std::string line; std::getline(from, line);)
        lines.push_back(line);
    return lines;
}

std::string exported(const daemon_under_test& daemon, const std::string& query = "") {
    const auto answer = http_call(daemon.port(), "GET", "/v1/export" + query);
    EXPECT_TRUE(answer && answer->status == 200) << (answer ? answer->body : "no answer");
    return answer ? answer->body : "";
}

nlohmann::json imported(const daemon_under_test& daemon, const std::string& lines, int status = 200) {
    const auto answer =
        http_call(daemon.port(), "POST", "/v1/import", {{"Content-Type", "application/x-ndjson"}}, lines);
    EXPECT_TRUE(answer && answer->status == status) << (answer ? answer->body : "no answer");
    return answer ? answer->json() : nlohmann::json();
}

nlohmann::json page_of(const daemon_under_test& daemon, const std::string& query) {
    const auto answer = http_call(daemon.port(), "GET", "/v1/events" + query);
    EXPECT_TRUE(answer && answer->status == 200) << (answer ? answer->body : "no answer");
    return answer ? answer->json() : nlohmann::json();
}

}  // namespace

TEST(carry, what_one_daemon_exports_another_delivers_byte_for_byte_in_order) {
    daemon_under_test from;
    from.start();
    std::vector<std::string> ids;
    std::vector<std::string> bodies;
    for (int number = 0; number < 30; ++number) {
        bodies.push_back(R"( {"event": "e",  "userId": "u", "data": {"n": )" + std::to_string(number) +
                         R"(, "text": "é\u00e9\n"}} )");
        ids.push_back(from.post(bodies.back(), "/2023-12/run/event"));
    }
    const std::string lines = exported(from);
    EXPECT_EQ(lines_of(lines).size(), 30u);

    upstream_process upstream;
    upstream.start();
    daemon_under_test to(upstream.url());
    to.start();
    EXPECT_EQ(imported(to, lines), nlohmann::json({{"imported", 30}, {"skipped", 0}}));
    ASSERT_TRUE(to.wait_until_drained()) << to.log();
    EXPECT_EQ(imported(to, lines), nlohmann::json({{"imported", 0}, {"skipped", 30}})) << "delivered ones are known";
    ASSERT_TRUE(upstream.wait_for_requests(30));
    ASSERT_EQ(upstream.requests().size(), 30u);
    for (std::size_t at = 0; at < 30; ++at) {
        EXPECT_EQ(upstream.requests()[at].body, bodies[at]);
        EXPECT_EQ(upstream.requests()[at].path, "/2023-12/run/event");
        EXPECT_EQ(upstream.requests()[at].field("Idempotency-Key"), ids[at]);
        EXPECT_EQ(to.event(ids[at]).value("state", ""), "delivered");
    }
}

TEST(carry, an_import_is_all_checked_before_any_of_it_is_stored) {
    daemon_under_test daemon;
    daemon.start();
    daemon.post(sample_event());
    const std::string good = exported(daemon);
    daemon_under_test other;
    other.start();
    const auto problem = imported(other, good + "{\"id\": 1}\n", 422);
    EXPECT_EQ(problem.value("type", ""), "urn:posthaste:problem:invalid-event");
    EXPECT_EQ(problem["errors"][0].value("pointer", ""), "/1/id");
    EXPECT_EQ(other.status()["totals"]["accepted"], 0);
    const auto malformed = imported(other, good + "{\"id\": 1}\n" + good.substr(0, 20) + "}\n" + good, 400);
    EXPECT_EQ(malformed.value("type", ""), "urn:posthaste:problem:malformed-json") << "whatever else is wrong";
    EXPECT_EQ(malformed.value("line", 0), 3);
    EXPECT_EQ(malformed.value("column", 0), 22) << "where it ends too early";
    EXPECT_EQ(malformed.value("offset", 0U), good.size() + 10 + 21) << "of the whole body";
    EXPECT_NE(malformed.value("detail", "").find("Nothing was imported, as line 3 "), std::string::npos) << malformed;
    EXPECT_EQ(other.status()["totals"]["accepted"], 0);
    const auto unannounced = http_call(other.port(), "POST", "/v1/import", {{"Content-Type", "text/plain"}}, good);
    ASSERT_TRUE(unannounced);
    EXPECT_EQ(unannounced->status, 415);
}

TEST(carry, pages_skip_and_repeat_nothing_while_events_come) {
    daemon_under_test daemon;
    daemon.start();
    std::vector<std::string> before;
    for (int number = 0; number < 25; ++number)
        before.push_back(daemon.post(sample_event(number % 5 == 0 ? "five" : "other")));
    std::vector<std::string> listed;
    std::string cursor;
    do {
        const auto page = page_of(daemon, "?limit=4" + (cursor.empty() ? "" : "&cursor=" + cursor));
        for (const auto& one : page["events"]) {
            EXPECT_FALSE(one.contains("data"));
            listed.push_back(one["id"]);
        }
        cursor = page["nextCursor"].is_string() ? page["nextCursor"].get<std::string>() : "";
        daemon.post(sample_event());
    } while (!cursor.empty());
    EXPECT_EQ(listed, std::vector<std::string>(before.rbegin(), before.rend()));
    EXPECT_EQ(page_of(daemon, "?userId=five")["events"].size(), 5u);
    EXPECT_EQ(page_of(daemon, "?state=dead")["events"].size(), 0u);
    EXPECT_EQ(page_of(daemon, "?event=Ticket%20Created&limit=500&userId=other")["events"].size(), 20u);
}

TEST(carry, an_export_ends_with_what_was_there_when_it_began) {
    daemon_under_test daemon;
    daemon.start();
    constexpr int there = 60;
    for (int number = 0; number < there; ++number)
        daemon.post(sample_event("before", std::string(500'000, 'x')));  // far more than the sockets between us hold
    raw_socket reader(daemon.port());
    reader.send(request_text("GET", "/v1/export", {}, "", daemon.port()));
    std::string text;
    const auto read_until = [&](auto enough) {
        for (std::string more = "-"; !more.empty() && !enough(); text += more)
            more = reader.read_some();
        ASSERT_TRUE(enough()) << "the export broke off";
    };
    read_until([&] { return text.find("before") != std::string::npos; });
    for (int number = 0; number < 3; ++number)
        daemon.post(sample_event("later"));
    read_until([&] { return text.ends_with("0\r\n\r\n"); });
    EXPECT_EQ(count_in(text, R"(\"userId\": \"before\")"), static_cast<std::size_t>(there));
    EXPECT_EQ(count_in(text, R"(\"userId\": \"later\")"), 0U);
}

TEST(carry, a_wrong_question_gets_a_clear_answer) {
    daemon_under_test daemon;
    daemon.start();
    for (const auto* query :
         {"?limit=0", "?limit=-1", "?limit=ten", "?limit=501x", "?state=lost", "?cursor=7", "?stat=dead"}) {
        const auto answer = http_call(daemon.port(), "GET", std::string("/v1/events") + query);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 400) << query;
        EXPECT_EQ(answer->json().value("type", ""), "urn:posthaste:problem:invalid-query") << query;
    }
    // A form that was not filled in, and limits beyond what one page holds.
    for (const auto* path : {"/v1/events?state=&event=&userId=&limit=&cursor=", "/v1/export?state=",
                             "/v1/events?limit=501", "/v1/events?limit=99999999999999999999"}) {
        const auto answer = http_call(daemon.port(), "GET", path);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 200) << path << answer->body;
    }
    const auto bodiless = http_call(daemon.port(), "GET", "/v1/export?state=delivered");
    ASSERT_TRUE(bodiless);
    EXPECT_EQ(bodiless->status, 400);
}

finished export_to(const std::string& file, const std::string& server) {
    return run_to_end({.command = {posthaste_binary(), "export", "--out", file, "--server", server},
                       .environment = {},
                       .folder = {},
                       .input = {}});
}

finished import_of(const std::string& file, const std::string& server) {
    return run_to_end({.command = {posthaste_binary(), "import", file, "--server", server},
                       .environment = {},
                       .folder = {},
                       .input = {}});
}

TEST(carry, an_export_says_how_many_damaged_events_it_left_out) {
    daemon_under_test daemon;
    daemon.start();
    std::vector<std::string> ids;
    for (int number = 0; number < 3; ++number)
        ids.push_back(daemon.post(sample_event("u" + std::to_string(number))));
    EXPECT_EQ(daemon.stop(), 0);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(daemon.outbox_path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, "UPDATE events SET body = x'00' WHERE seq = 2", nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state(ids[1], "dead")) << daemon.log();
    const std::string file = daemon.folder() / "queue.ndjson";
    const auto exporting = export_to(file, daemon.url());
    EXPECT_EQ(exporting.status, 1) << exporting.error;
    EXPECT_NE(exporting.error.find("exported 2 events\n"), std::string::npos) << exporting.error;
    EXPECT_NE(exporting.error.find(": 1 more are damaged on the disk"), std::string::npos) << exporting.error;
    std::ifstream from(file);
    EXPECT_EQ(lines_of({std::istreambuf_iterator<char>(from), {}}).size(), 2U);
}

TEST(carry, an_export_that_is_refused_leaves_no_file_behind) {
    daemon_under_test daemon;
    daemon.configure(
        {{"listen", {{"access_tokens_file", daemon.folder().write("tokens", "operator some-token-1\n")}}}});
    daemon.start();
    const std::string file = daemon.folder() / "queue.ndjson";
    EXPECT_EQ(export_to(file, daemon.url()).status, 1);
    EXPECT_FALSE(std::filesystem::exists(file));
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(export_to(file, daemon.url()).status, 1);
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(carry, the_commands_carry_a_queue_by_a_private_file) {
    daemon_under_test from;
    from.start();
    for (int number = 0; number < 10; ++number)
        from.post(sample_event("u" + std::to_string(number)));
    const std::string file = from.folder() / "queue.ndjson";
    const auto exporting = run_to_end({.command = {posthaste_binary(), "export", "--out", file, "--server", from.url()},
                                       .environment = {},
                                       .folder = {},
                                       .input = {}});
    EXPECT_EQ(exporting.status, 0) << (exporting.output + exporting.error);
    EXPECT_NE((exporting.output + exporting.error).find("exported 10 events"), std::string::npos)
        << (exporting.output + exporting.error);
    EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms{0600});
    const auto again = run_to_end({.command = {posthaste_binary(), "export", "--out", file, "--server", from.url()},
                                   .environment = {},
                                   .folder = {},
                                   .input = {}});
    EXPECT_EQ(again.status, 2) << "a file that is there is not overwritten";
    const std::string nowhere = from.folder() / "gone/queue.ndjson";
    const auto unwritten =
        run_to_end({.command = {posthaste_binary(), "export", "--out", nowhere, "--server", from.url()},
                    .environment = {},
                    .folder = {},
                    .input = {}});
    EXPECT_EQ(unwritten.status, 74);
    EXPECT_EQ(unwritten.error, "posthaste export: cannot make " + nowhere +
                                   ": No such file or directory; name with --out a file in a folder that is there and "
                                   "that you may write to\n");

    daemon_under_test to;
    to.start();
    for (const auto* expected : {"imported 10, skipped 0", "imported 0, skipped 10"}) {
        const auto importing = run_to_end({.command = {posthaste_binary(), "import", file, "--server", to.url()},
                                           .environment = {},
                                           .folder = {},
                                           .input = {}});
        EXPECT_EQ(importing.status, 0) << (importing.output + importing.error);
        EXPECT_NE((importing.output + importing.error).find(expected), std::string::npos)
            << (importing.output + importing.error);
    }
    EXPECT_EQ(to.status()["queue"]["pending"], 10);

    const std::string with_a_fault = from.folder() / "fault.ndjson";
    std::filesystem::copy_file(file, with_a_fault);
    std::ofstream(with_a_fault, std::ios::app) << "{}\n";
    const auto broken = run_to_end({.command = {posthaste_binary(), "import", with_a_fault, "--server", to.url()},
                                    .environment = {},
                                    .folder = {},
                                    .input = {}});
    EXPECT_EQ(broken.status, 1);
    EXPECT_NE((broken.output + broken.error).find("/10/id"), std::string::npos) << (broken.output + broken.error);

    std::ofstream(with_a_fault, std::ios::trunc) << std::string(600'000, ' ') << "\n{\"id\": \n";
    const auto malformed = import_of(with_a_fault, to.url());
    EXPECT_EQ(malformed.status, 1);
    EXPECT_NE(malformed.error.find("that is line 2 of " + with_a_fault), std::string::npos) << malformed.error;

    daemon_under_test full;
    full.configure({{"queue", {{"max_events", 4}}}});
    full.start();
    const auto refused = run_to_end({.command = {posthaste_binary(), "import", file, "--server", full.url()},
                                     .environment = {},
                                     .folder = {},
                                     .input = {}});
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.error.find("run it again: what is stored by now will be skipped"), std::string::npos)
        << refused.error;
    EXPECT_EQ(refused.error.find("pointers"), std::string::npos) << refused.error;
}

TEST(carry, the_largest_event_that_is_let_in_can_be_carried_whatever_it_is_made_of) {
    // Its line is longer than all that is else taken at once.
    const nlohmann::json large = {{"limits", {{"body", "9MiB"}}}};
    daemon_under_test from("http://127.0.0.1:9", large);
    from.start();
    const std::string begin = R"({"event":"e","userId":"u","data":{"x":")";
    const std::string end = R"("}})";
    std::string body = begin + std::string(9 * 1024 * 1024 - begin.size() - end.size(), '\\') + end;
    if (body.size() % 2 != (begin.size() + end.size()) % 2) body[begin.size()] = 'x';
    from.post(body);
    from.post(sample_event("another"));
    const std::string file = from.folder() / "queue.ndjson";
    ASSERT_EQ(export_to(file, from.url()).status, 0);

    daemon_under_test to("http://127.0.0.1:9", large);
    to.start();
    const auto importing = import_of(file, to.url());
    EXPECT_EQ(importing.status, 0) << importing.error;
    EXPECT_NE(importing.output.find("imported 2, skipped 0"), std::string::npos) << importing.output;
    EXPECT_TRUE(exported(to) == exported(from));

    daemon_under_test small;
    small.start();
    const auto refused = import_of(file, small.url());
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.error.find("(413)"), std::string::npos) << refused.error;
    EXPECT_NE(refused.error.find("line 1 of " + file), std::string::npos) << refused.error;
}

}  // namespace posthaste
