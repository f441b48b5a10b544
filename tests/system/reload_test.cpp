// SIGHUP and a rotated key: what changed takes effect while the daemon goes on, and a broken file changes nothing.

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/load.hpp"
#include "tests/system/support/notify_socket.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::size_t count_of(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++count;
    return count;
}

// Reloads that were done, whatever came of them; a broken file has one problem in these tests.
std::size_t reloads_in(const std::string& log) {
    return count_of(log, "configuration reloaded: ") + count_of(log, "configuration not reloaded, ");
}

// With the configuration as it is on disk.
void reload(daemon_under_test& daemon) {
    const auto before = reloads_in(daemon.log());
    daemon.running().signal(SIGHUP);
    ASSERT_TRUE(wait_until([&] { return reloads_in(daemon.log()) > before; })) << daemon.log();
}

void reload_with(daemon_under_test& daemon, const json& changes) {
    daemon.configure(changes);
    reload(daemon);
}

int status_of_post(const daemon_under_test& daemon, std::string_view body) {
    const auto answer = post_event(daemon.port(), body);
    return answer ? answer->status : 0;
}

// Each acknowledged event arrived once, and none is missing between them: a request that was dropped leaves a gap.
void expect_all_delivered_once(upstream_process& upstream, const load& sent) {
    std::map<load_event, int> arrived;
    for (const auto& request : upstream.requests()) {
        if (const auto event = load_event_of(request.body)) ++arrived[*event];
    }
    std::map<std::string, int> last_number;
    for (const auto& [event, id] : sent.acknowledged()) {
        EXPECT_EQ(arrived[event], 1) << event.user << " " << event.number;
        EXPECT_EQ(event.number, ++last_number[event.user]) << "a request of " << event.user << " was dropped";
    }
    EXPECT_TRUE(sent.refusals().empty()) << sent.refusals().front();
}

TEST(reload, takes_the_new_values_into_force) {
    daemon_under_test daemon;
    daemon.start();
    const std::string odd = R"({"event": "Odd", "userId": "1", "data": {"a": 1}})";
    const std::string large = R"({"event": "Large", "userId": "1", "data": {"a": ")" + std::string(3000, 'x') + "\"}}";
    EXPECT_EQ(status_of_post(daemon, odd), 202);
    EXPECT_EQ(status_of_post(daemon, large), 202);
    const auto status_for_host = [&] {
        return http_call(daemon.port(), "GET", "/livez", {{"Host", "posthaste.internal"}})->status;
    };
    EXPECT_EQ(status_for_host(), 421);

    const temp_folder events;
    events.write("more.json", R"({"event": "From The Folder", "schema": {"b": "Integer"}})");
    reload_with(daemon, {{"events", {{"Odd", {{"a", "String"}}}}},
                         {"events_dir", events.path().string()},
                         {"limits", {{"body", "2KiB"}}},
                         {"listen", {{"allowed_hosts", {"posthaste.internal"}}}},
                         {"queue", {{"max_events", 3}}}});
    EXPECT_THAT(daemon.log(), HasSubstr("configuration reloaded: listen.allowed_hosts, limits.body, queue.max_events, "
                                        "events and events_dir changed\n"));
    EXPECT_EQ(status_of_post(daemon, odd), 422);
    EXPECT_EQ(status_of_post(daemon, R"({"event": "From The Folder", "userId": "1", "data": {}})"), 422);
    EXPECT_EQ(status_of_post(daemon, large), 413);
    EXPECT_EQ(status_for_host(), 200);
    EXPECT_EQ(daemon.status()["queue"]["maxEvents"], 3);
    EXPECT_EQ(status_of_post(daemon, sample_event()), 202);
    EXPECT_EQ(status_of_post(daemon, sample_event()), 503) << "the queue is full now";

    reload_with(daemon, {{"unknown_events", "reject"}, {"queue", {{"max_events", 1000}}}});
    EXPECT_EQ(status_of_post(daemon, sample_event()), 422);
    EXPECT_TRUE(daemon.status()["configuration"]["lastReload"]["success"]);
}

TEST(reload, changes_the_level_and_the_format_of_the_log) {
    daemon_under_test daemon;
    daemon.start();
    reload_with(daemon, {{"log", {{"level", "debug"}, {"format", "json"}}}});
    EXPECT_THAT(daemon.log(), HasSubstr("{\"time\":"));
    EXPECT_THAT(daemon.log(), HasSubstr("\"message\":\"configuration reloaded: log.level and log.format changed\"}"));
    const auto id = daemon.post(sample_event());
    EXPECT_TRUE(daemon.running().wait_for_output(id)) << "debug follows each event";
    reload_with(daemon, {{"log", {{"level", "error"}}}});
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_THAT(daemon.log(), Not(HasSubstr("\"message\":\"stopped; ")));
}

TEST(reload, changes_nothing_where_anything_is_wrong_and_lists_it_all) {
    daemon_under_test daemon;
    daemon.start();
    const auto loaded_at = daemon.status()["configuration"]["loadedAt"];
    EXPECT_TRUE(daemon.status()["configuration"]["lastReload"].is_null());
    daemon.configure({{"limits", {{"body", "2KiB"}}}, {"log", {{"levle", "debug"}}}, {"queue", {{"max_events", -1}}}});
    daemon.running().signal(SIGHUP);
    ASSERT_TRUE(wait_until([&] { return daemon.status()["configuration"]["lastReload"].is_object(); }));
    const auto configuration = daemon.status()["configuration"];
    EXPECT_EQ(configuration["loadedAt"], loaded_at);
    EXPECT_EQ(configuration["lastReload"]["success"], false);
    ASSERT_EQ(configuration["lastReload"]["problems"].size(), 2U) << configuration;
    for (const std::string problem : configuration["lastReload"]["problems"]) {
        EXPECT_THAT(problem, AnyOf(HasSubstr(": log.levle: unknown key (did you mean \"level\"?)"),
                                   HasSubstr(": queue.max_events: expected a whole number")));
        EXPECT_TRUE(daemon.running().wait_for_output("everything goes on as before: " + problem));
    }
    EXPECT_EQ(status_of_post(daemon,
                             R"({"event": "Large", "userId": "1", "data": {"a": ")" + std::string(3000, 'x') + "\"}}"),
              202)
        << "limits.body was fine, and is not in force";

    reload_with(daemon, {{"log", {{"levle", nullptr}}}, {"queue", {{"max_events", 77}}}});
    EXPECT_EQ(daemon.status()["queue"]["maxEvents"], 77);
    EXPECT_EQ(
        daemon.status()["configuration"]["lastReload"],
        (json{{"at", daemon.status()["configuration"]["loadedAt"]}, {"success", true}, {"problems", json::array()}}));
}

TEST(reload, tells_what_needs_a_restart) {
    daemon_under_test daemon;
    daemon.start();
    const auto path = daemon.outbox_path();
    reload_with(daemon, {{"queue", {{"path", daemon.folder() / "other.db"}}},
                         {"listen", {{"addresses", {"127.0.0.1:0", "[::1]:0"}}}}});
    EXPECT_THAT(daemon.log(), HasSubstr("configuration reloaded: nothing changed; listen.addresses and queue.path need "
                                        "a restart and keep their values until then\n"));
    EXPECT_NE(daemon.post(sample_event()), "");
    EXPECT_FALSE(std::filesystem::exists(daemon.folder() / "other.db"));
    EXPECT_TRUE(std::filesystem::exists(path));
}

// The delivery attempts so far that did not deliver, as /metrics tells of them.
std::vector<std::string> attempts_that_failed(const daemon_under_test& daemon) {
    std::istringstream metrics(http_call(daemon.port(), "GET", "/metrics")->body);
    std::vector<std::string> failed;
    for (std::string line; std::getline(metrics, line);)
        if (line.starts_with("posthaste_delivery_attempts_total") && line.find("\"delivered\"") == std::string::npos)
            failed.push_back(line);
    return failed;
}

// Each reload falls on attempts in flight, and on a request that is half sent.
TEST(reload, drops_neither_a_request_nor_an_attempt) {
    upstream_process upstream;
    upstream.start();
    answer_step takes_its_time = answers(200);
    takes_its_time.after = std::chrono::milliseconds{5};
    upstream.answer_with({takes_its_time});
    daemon_under_test daemon(upstream.url());
    daemon.start();
    load sent(4, 3, [&] { return daemon.port(); });
    raw_socket app(daemon.port());
    for (int turn = 0; turn < 100; ++turn) {
        const auto request = request_text("POST", "/run/event", {{"Content-Type", "application/json"}},
                                          load_body({"over-reloads", turn + 1}), daemon.port());
        ASSERT_TRUE(app.send(request.substr(0, request.size() / 2)));
        const bool broken = turn % 2 == 1;
        daemon.configure({{"limits", {{"body", turn % 4 == 0 ? "2MiB" : "1MiB"}, {"connections", 20 + turn}}},
                          {"upstream", {{"max_concurrency", broken ? 0 : 1 + turn % 7}}}});
        reload(daemon);
        ASSERT_TRUE(app.send(request.substr(request.size() / 2))) << "closed by reload " << turn + 1;
        const auto answer = app.read_answer();
        ASSERT_TRUE(answer) << "dropped by reload " << turn + 1;
        EXPECT_EQ(answer->status, 202) << answer->body;
    }
    sent.finish();
    upstream.answer_with({answers(200)});  // what has gathered, one at a time
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.log();
    EXPECT_EQ(count_of(daemon.log(), "configuration reloaded: "), 50U);
    EXPECT_GT(sent.acknowledged_count(), 100U);
    expect_all_delivered_once(upstream, sent);
    EXPECT_EQ(upstream.requests().size(), sent.acknowledged_count() + 100);
    EXPECT_THAT(attempts_that_failed(daemon), IsEmpty());
    EXPECT_EQ(daemon.stop(), 0);
}

bool holds_open(pid_t id, const std::filesystem::path& what) {
    std::error_code ignored;
    const std::filesystem::directory_iterator files("/proc/" + std::to_string(id) + "/fd", ignored);
    return std::any_of(begin(files), end(files),
                       [&](const auto& file) { return std::filesystem::read_symlink(file, ignored) == what; });
}

// The key is read after the configuration's file, and out of a pipe it comes when somebody writes it there.
TEST(reload, follows_a_hangup_that_comes_during_a_reload) {
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    const std::string key = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(pipe[0]);
    notify_socket manager;
    daemon_under_test daemon;
    daemon.set_environment({{"NOTIFY_SOCKET", manager.path()}});
    daemon.start();
    daemon.configure({{"upstream", {{"api_key_file", key}}}});
    daemon.running().signal(SIGHUP);
    const auto open = std::filesystem::read_symlink(key);
    ASSERT_TRUE(wait_until([&] { return holds_open(daemon.running().id(), open); }));

    daemon.configure({{"upstream", {{"api_key_file", nullptr}}}, {"queue", {{"max_events", 4321}}}});
    daemon.running().signal(SIGHUP);
    EXPECT_TRUE(wait_until([&] { return manager.count("RELOADING=1") == 2; }));
    EXPECT_EQ(::write(pipe[1], "a-key", 5), 5);
    ::close(pipe[1]);
    EXPECT_TRUE(wait_until([&] { return daemon.status()["queue"]["maxEvents"] == 4321; })) << daemon.log();
    EXPECT_THAT(daemon.log(), HasSubstr("configuration reloaded: upstream.api_key_file and the API key changed\n"))
        << "the first found nothing else";
    ::close(pipe[0]);
}

TEST(reload, leaves_a_hangup_to_end_dev_as_the_terminal_does) {
    const temp_folder folder;
    process dev({{posthaste_binary(), "dev", "--listen", "127.0.0.1:0", "--data", folder / "data"}, {}, {}, {}});
    ASSERT_TRUE(dev.wait_for_output("posthaste takes events on ")) << dev.output();
    dev.signal(SIGHUP);
    EXPECT_EQ(dev.wait(), -SIGHUP);
}

struct rotated_key : testing::Test {
    rotated_key() { upstream.start(); }

    void start() { daemon.start(); }
    // The key that the next event is sent with.
    std::string key_of_next_event(const std::string& token = "none") {
        const auto before = upstream.requests().size();
        const http_headers headers{{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}};
        const auto answer = http_call(daemon.port(), "POST", "/run/event", headers, sample_event());
        EXPECT_TRUE(answer && answer->status == 202);
        EXPECT_TRUE(upstream.wait_for_requests(before + 1));
        return upstream.requests().back().field("Authorization");
    }
    bool wait_for_rotations(std::size_t count) {
        return wait_until([&] { return count_of(daemon.log(), "the API key in " + file + " changed: ") == count; });
    }

    const temp_folder folder;
    const std::string file = folder.write("key", "first-key\n");
    upstream_process upstream;
    daemon_under_test daemon{upstream.url(), {{"upstream", {{"api_key_file", file}}}}};
};

TEST_F(rotated_key, is_used_without_a_signal_and_never_shown) {
    start();
    EXPECT_EQ(key_of_next_event(), "Bearer first-key");
    folder.write("key", "second-key\n");
    ASSERT_TRUE(wait_for_rotations(1)) << daemon.log();
    EXPECT_EQ(key_of_next_event(), "Bearer second-key");
    // Another file in its place, of the same size.
    folder.write("key.new", "thirdd-key\n");
    std::filesystem::rename(folder / "key.new", file);
    ASSERT_TRUE(wait_for_rotations(2)) << daemon.log();
    EXPECT_EQ(key_of_next_event(), "Bearer thirdd-key");
    for (const char* key : {"first-key", "second-key", "thirdd-key"})
        EXPECT_THAT(daemon.log(), Not(HasSubstr(key)));
}

// As volumes are changed: the key's own path is a link that stays, into a folder that is another one from then on.
TEST_F(rotated_key, is_found_behind_a_link_that_points_elsewhere) {
    for (const std::string version : {"first", "second"}) {
        std::filesystem::create_directory(folder / version);
        folder.write(version + "/key", version + "-key");
    }
    std::filesystem::create_directory_symlink("first", folder / "current");
    std::filesystem::create_symlink("current/key", folder / "link");
    daemon.configure({{"upstream", {{"api_key_file", folder / "link"}}}});
    start();
    EXPECT_EQ(key_of_next_event(), "Bearer first-key");
    std::filesystem::create_directory_symlink("second", folder / "next");
    std::filesystem::rename(folder / "next", folder / "current");
    ASSERT_TRUE(daemon.running().wait_for_output("the API key in " + (folder / "link") + " changed: ")) << daemon.log();
    EXPECT_EQ(key_of_next_event(), "Bearer second-key");
}

TEST_F(rotated_key, is_told_once_where_it_cannot_be_used_and_the_old_one_stays) {
    start();
    folder.write("key", "");
    const std::string told = "the key that was read before stays in use: " + file + " is empty";
    ASSERT_TRUE(daemon.running().wait_for_output(told)) << daemon.log();
    EXPECT_EQ(key_of_next_event(), "Bearer first-key");
    const int readings = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    ASSERT_GE(::inotify_add_watch(readings, file.c_str(), IN_CLOSE_NOWRITE), 0);
    for (int again = 0; again < 2; ++again) {  // what came of a reading is told before the next one
        folder.write("key", "");
        char events[4096];
        EXPECT_TRUE(wait_until([&] { return ::read(readings, events, sizeof events) > 0; }));
    }
    ::close(readings);
    folder.write("key", "second-key");
    std::filesystem::permissions(file, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
    ASSERT_TRUE(daemon.running().wait_for_output(file + " is open to every user")) << daemon.log();
    std::filesystem::permissions(file, std::filesystem::perms::others_read, std::filesystem::perm_options::remove);
    ASSERT_TRUE(wait_for_rotations(1)) << daemon.log();
    EXPECT_EQ(key_of_next_event(), "Bearer second-key");
    EXPECT_EQ(count_of(daemon.log(), told), 1U);
}

// A key that was written just now is read at each look, as its times may hide another change.
TEST_F(rotated_key, keeps_no_tokens_from_being_read_however_often_it_is_written) {
    const auto tokens = daemon.folder().write("tokens", "app first-token\n");
    daemon.configure({{"listen", {{"access_tokens_file", tokens}}}});
    start();
    daemon.folder().write("tokens", "app second-token\n");
    ASSERT_TRUE(wait_until([&] {
        ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
        return daemon.log().find("the access tokens in " + tokens + " changed: ") != std::string::npos;
    })) << daemon.log();
    EXPECT_EQ(key_of_next_event("second-token"), "Bearer first-key");
}

TEST_F(rotated_key, loses_no_event_of_a_load) {
    answer_step late = answers(200);
    late.after = std::chrono::milliseconds{50};  // some attempts are in flight at any time
    upstream.answer_with({late});
    start();
    load sent(4, 3, [&] { return daemon.port(); });
    for (std::size_t turn = 1; turn <= 3; ++turn) {
        folder.write("key", "key-" + std::to_string(turn));
        ASSERT_TRUE(wait_for_rotations(turn)) << daemon.log();
    }
    sent.finish();
    upstream.answer_with({answers(200)});  // what has gathered
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.log();
    EXPECT_EQ(key_of_next_event(), "Bearer key-3");
    expect_all_delivered_once(upstream, sent);
}

TEST_F(rotated_key, is_fixed_where_it_comes_from_the_credentials_of_the_service) {
    const auto tokens = daemon.folder().write("tokens", "app first-token\n");
    daemon.configure({{"listen", {{"access_tokens_file", tokens}}}});
    daemon.run_under({"/usr/bin/env", "CREDENTIALS_DIRECTORY=" + folder.path().string()});
    start();
    folder.write("key", "second-key");
    // The files that are watched are looked at together, the key's first.
    daemon.folder().write("tokens", "app second-token\n");
    ASSERT_TRUE(daemon.running().wait_for_output("the access tokens in " + tokens + " changed: ")) << daemon.log();
    EXPECT_EQ(key_of_next_event("second-token"), "Bearer first-key");
    // A reload reads it all the same: what is fixed is only not watched.
    reload(daemon);
    EXPECT_THAT(daemon.log(), HasSubstr("configuration reloaded: the API key changed\n"));
    EXPECT_EQ(key_of_next_event("second-token"), "Bearer second-key");
    EXPECT_EQ(count_of(daemon.log(), "the API key in "), 0U);
}

}  // namespace
}  // namespace posthaste
