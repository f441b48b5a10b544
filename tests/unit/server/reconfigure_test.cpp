// What a reload changes on the accept thread, and the switch that pauses and resumes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/server/post_event_handler.hpp"
#include "daemon/server/status_handler.hpp"
#include "daemon/server/switch_handler.hpp"
#include "tests/unit/server/asked.hpp"
#include "tests/unit/server/served.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::shared_ptr<event_catalog> catalog_without_unknown_events() {
    auto catalog = std::make_shared<event_catalog>();
    catalog->reject_unknown_events = true;
    return catalog;
}

TEST(reconfigured_events_handler, goes_by_the_new_limit_and_catalog) {
    sink_of_test sink;
    rate_window accepted;
    post_event_handler events(1000, {.now = noon, .refusing = {}}, sink, std::make_shared<const event_catalog>(),
                              accepted);
    const std::string body = R"({"event": "Unheard Of", "userId": "u1", "data": {}})";
    events.handle(post("", body));
    EXPECT_EQ(sink.taken.size(), 1U);
    events.reconfigure(2000, catalog_without_unknown_events());
    EXPECT_EQ(events.body_limit(), 2000U);
    const auto refused = post("", body);
    events.handle(refused);
    EXPECT_EQ(refused->status, 422U);
    EXPECT_THAT(refused->text, HasSubstr("unknown-event"));
    EXPECT_EQ(sink.taken.size(), 1U);
}

TEST(reconfigured_status_handler, shows_the_new_bounds_and_what_became_of_the_configuration) {
    rate_window accepted;
    configuration_state state{.loaded_at = noon().wall};
    status_handler handler({.store = [](auto reply) { reply(store_status{}); },
                            .upstream = [](auto reply) { reply({}); },
                            .stopping = {},
                            .configuration = [&state] { return state; }},
                           queue_settings{}, accepted, noon);
    queue_settings other;
    other.max_events = 5;
    other.max_bytes = 6;
    handler.reconfigure(other);
    state.last_reload = configuration_state::reload{noon().wall + seconds{1}, {"file:1:2: a.b: wrong", "second"}};
    const auto request = get("/v1/status");
    handler.handle(request);
    EXPECT_EQ(request->shown()["queue"]["maxEvents"], 5);
    EXPECT_EQ(request->shown()["queue"]["maxBytes"], 6);
    EXPECT_EQ(request->shown()["configuration"],
              json::parse(R"({"loadedAt": "2023-11-14T22:13:20.000Z", "lastReload": {"at": "2023-11-14T22:13:21.000Z",
                  "success": false, "problems": ["file:1:2: a.b: wrong", "second"]}})"));
    state.last_reload->problems.clear();
    const auto later = get("/v1/status");
    handler.handle(later);
    EXPECT_EQ(later->shown()["configuration"]["lastReload"]["success"], true);
}

TEST(switch_handler, answers_with_the_upstream_once_the_switch_was_turned) {
    std::function<void(std::optional<upstream_report>)> turned;
    switch_handler handler([&](auto reply) { turned = std::move(reply); }, [] { return std::nullopt; });
    const auto request = post("", "anything at all", "/v1/pause");
    EXPECT_FALSE(handler.refuse(request->head()));
    EXPECT_EQ(handler.body_limit(), 4 * KiB);
    handler.handle(request);
    EXPECT_EQ(request->answers, 0) << "not before it is durable";
    turned(upstream_report{.state = "paused", .reason = "by hand", .concurrency = 3});
    EXPECT_EQ(request->status, 200U);
    EXPECT_EQ(request->shown(), json::parse(R"({"state": "paused", "reason": "by hand", "since": null,
        "nextProbeAt": null, "concurrency": 3, "inFlight": 0, "lastError": null})"));
}

TEST(switch_handler, says_where_the_switch_was_turned_and_the_disk_is_too_full_to_note_it) {
    switch_handler handler([](auto reply) { reply(std::nullopt); }, [] { return std::nullopt; });
    const auto request = post("", "", "/v1/pause");
    handler.handle(request);
    EXPECT_EQ(request->status, 503U);
    EXPECT_EQ(request->shown()["type"], "urn:posthaste:problem:disk-full");
}

TEST(switch_handler, turns_nothing_while_the_daemon_stops) {
    switch_handler handler([](auto) { ADD_FAILURE(); }, [] { return std::optional(refusal::shutting_down); });
    const auto refused = handler.refuse(post("", "", "/v1/resume")->head());
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(refused->name, "shutting-down");
}

using reconfigured_listener = served;

TEST_F(reconfigured_listener, takes_the_new_host_names_and_no_longer_the_old_ones) {
    options.listen.allowed_hosts = {"old.internal"};
    start();
    raw_socket connection = connect();
    const auto status_for = [&](const std::string& host) {
        EXPECT_TRUE(connection.send("GET /echo/a HTTP/1.1\r\nHost: " + host + "\r\n\r\n"));
        return status_of(connection.read_answer());
    };
    EXPECT_EQ(status_for("old.internal"), 200);
    EXPECT_EQ(status_for("new.internal"), 421);
    listen_settings renamed = options.listen;
    renamed.allowed_hosts = {"new.internal"};
    on_thread([&] { door->reconfigure(options.limits, renamed); });
    EXPECT_EQ(status_for("old.internal"), 421);
    EXPECT_EQ(status_for("new.internal"), 200);
    EXPECT_EQ(status_for("127.0.0.1"), 200) << "an address that is listened on";
}

TEST_F(reconfigured_listener, lets_idle_connections_go_where_the_limit_is_lower_and_drops_no_request) {
    options.limits.connections = 4;
    start();
    raw_socket busy = connect();
    ASSERT_TRUE(busy.send(post("/wait", "event")));
    raw_socket halfway = connect();
    ASSERT_TRUE(halfway.send(head("POST /echo/half", "Content-Length: 5\r\nExpect: 100-continue\r\n")));
    EXPECT_EQ(status_of(halfway.read_answer()), 100) << "its body is being read";
    raw_socket idle = connect();
    expect_open(idle);
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    on_thread([&] { door->reconfigure({.body = 1 * MiB, .connections = 1}, {}); });
    EXPECT_TRUE(idle.closed_by_peer());
    ASSERT_TRUE(halfway.send("event"));
    EXPECT_EQ(status_of(halfway.read_answer()), 200);
    on_thread([&] { wait.take()->answer(response{.status = 200, .body = "late"}); });
    EXPECT_EQ(status_of(busy.read_answer()), 200);
    // One more comes: both idle ones go, as there is room for one.
    raw_socket next = connect();
    expect_open(next);
    EXPECT_TRUE(halfway.closed_by_peer());
    EXPECT_TRUE(busy.closed_by_peer());
}

TEST_F(reconfigured_listener, lets_in_who_waits_where_the_limit_is_higher) {
    options.limits.connections = 1;
    start();
    raw_socket busy = connect();
    ASSERT_TRUE(busy.send(post("/wait", "event")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    raw_socket waiting = connect();
    ASSERT_TRUE(waiting.send(head("GET /echo/in")));
    EXPECT_FALSE(waiting.has_more(milliseconds{50}));
    on_thread([&] { door->reconfigure({.body = 1 * MiB, .connections = 2}, {}); });
    EXPECT_EQ(status_of(waiting.read_answer()), 200);
    on_thread([&] { wait.take()->answer(response{.status = 200}); });
}

}  // namespace
}  // namespace posthaste
