// What counts against the memory that all bodies share: bodies, what is made of them, and answers that are not taken.

#include <gtest/gtest.h>

#include "daemon/server/admission.hpp"
#include "daemon/server/batch_handler.hpp"
#include "daemon/server/import_handler.hpp"
#include "daemon/server/post_event_handler.hpp"
#include "daemon/server/routes.hpp"
#include "daemon/server/server_context.hpp"
#include "lib/event/batch_reader.hpp"
#include "lib/http/event_lines.hpp"
#include "tests/system/support/gzip.hpp"
#include "tests/unit/server/asked.hpp"
#include "tests/unit/server/served.hpp"

namespace posthaste {
namespace {

void expect_busy(const asked& request) {
    EXPECT_EQ(request.status, 503U);
    EXPECT_EQ(request.retry_after, seconds{1});
    EXPECT_EQ(request.shown()["type"], "urn:posthaste:problem:busy");
}

const std::string packed_head =
    "POST /run/event HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Content-Encoding: gzip\r\n\r\n";

struct memory_of_a_request : testing::Test {
    sink_of_test sink;
    rate_window accepted;
    boost::asio::io_context io{1};
    const std::shared_ptr<const event_catalog> catalog = std::make_shared<const event_catalog>();
};

TEST_F(memory_of_a_request, counts_what_a_packed_event_unpacks_to) {
    post_event_handler events(1 * MiB, {.now = noon, .refusing = {}}, sink, catalog, accepted);
    const std::string body = R"({"event": "e", "userId": "u", "data": {"x": ")" + std::string(200'000, 'x') + "\"}}";
    const auto fits = std::make_shared<asked>(packed_head, gzipped(body));
    fits->memory = body.size();
    events.handle(fits);
    EXPECT_EQ(sink.taken.size(), 1U);
    EXPECT_EQ(fits->memory, 0U);
    const auto does_not = std::make_shared<asked>(packed_head, gzipped(body));
    does_not->memory = body.size() - 1;
    events.handle(does_not);
    EXPECT_EQ(sink.taken.size(), 1U);
    expect_busy(*does_not);
}

TEST_F(memory_of_a_request, counts_what_a_batch_unpacks_to_and_the_list_of_its_events) {
    batch_handler batches(io, {}, {.now = noon, .refusing = {}}, sink, catalog, accepted);
    std::string body;
    for (int i = 0; i < 5'000; ++i)
        body += "{\"event\":\"e\",\"userId\":\"u\",\"data\":{}}\n";
    const std::uint64_t list = 5'000 * (sizeof(batch_reader::element) + std::string_view("2025-09").size());
    for (const bool packed : {false, true}) {
        const std::string fields = "Content-Type: application/x-ndjson\r\nx-api-version: 2025-09\r\n" +
                                   std::string(packed ? "Content-Encoding: gzip\r\n" : "");
        const std::uint64_t needed = list + (packed ? body.size() : 0);
        for (const std::uint64_t memory : {needed, needed - 1}) {
            const auto request = std::make_shared<asked>(
                "POST /run/events HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n", packed ? gzipped(body) : body);
            request->memory = memory;
            const std::size_t before = sink.submitted.size();
            batches.handle(request);
            io.restart();
            io.run();
            EXPECT_EQ(sink.submitted.size(), before + (memory == needed ? 1 : 0)) << packed;
            if (memory < needed) expect_busy(*request);
        }
    }
    sink.submit_replies.clear();
}

TEST_F(memory_of_a_request, counts_the_events_of_an_import) {
    std::size_t imported = 0;
    import_handler imports(
        io, 1 * MiB, [&imported](const std::vector<pending_event>& events, const auto&) { imported += events.size(); },
        [] { return std::nullopt; });
    exported_event one;
    one.id = *parse_uuid("01a20a2c-5020-72fa-8000-000000053d4a");
    one.what.path = "/run/event";
    one.what.body = R"({"event":"e","userId":"u","data":{}})";
    const std::uint64_t needed = 2 * (sizeof(pending_event) + one.what.body.size());
    for (const std::uint64_t memory : {needed, needed - 1}) {
        const auto request =
            std::make_shared<asked>("POST /v1/import HTTP/1.1\r\nHost: localhost\r\n\r\n", to_line(one) + to_line(one));
        request->memory = memory;
        imports.handle(request);
        EXPECT_EQ(imported, 2U);
        if (memory < needed) expect_busy(*request);
    }
}

TEST(room_for_bodies, is_enough_for_the_line_and_the_event_of_the_largest_import) {
    path_router routes;
    listener_options options;
    options.now = noon;
    EXPECT_EQ(server_context(options, routes).bytes_of_bodies(), 64 * MiB);
    options.limits.body = 32 * MiB;
    server_context shared(options, routes);
    EXPECT_TRUE(shared.bodies.take(longest_line(32 * MiB)));
    EXPECT_TRUE(shared.bodies.take(sizeof(pending_event) + 32 * MiB));
    EXPECT_FALSE(shared.bodies.take(1 * MiB));
    shared.options.limits.body = 1 * MiB;
    shared.bodies.resize(shared.bytes_of_bodies());
    EXPECT_FALSE(shared.bodies.take(1)) << "more is taken than there is by now";
}

TEST(room_for_bodies, is_enough_for_the_largest_batch_in_both_of_its_shapes) {
    path_router routes;
    listener_options options;
    options.now = noon;
    options.limits.batch_body = 32 * MiB;
    server_context shared(options, routes);
    EXPECT_TRUE(shared.bodies.take(longest_packed(32 * MiB)));
    EXPECT_TRUE(shared.bodies.take(32 * MiB));
    EXPECT_TRUE(shared.bodies.take(options.limits.batch_events * sizeof(batch_reader::element)));
}

TEST_F(memory_of_a_request, takes_no_event_of_an_import_that_is_longer_than_a_posted_one_may_be) {
    import_handler imports(io, 16 * MiB, [](const auto&, const auto&) { ADD_FAILURE(); }, [] { return std::nullopt; });
    const std::string line =
        R"({"id":"01a20a2c-5020-72fa-8000-000000053d4a","path":"/run/event","receivedAt":"2026-11-27T12:00:00.000Z",)"
        R"("state":"pending","body":"{\"event\":\"e\",\"userId\":\"u\",\"data\":{\"x\":\")" +
        std::string(16 * MiB, 'x') + R"(\"}}"})";
    const auto request = std::make_shared<asked>("POST /v1/import HTTP/1.1\r\nHost: localhost\r\n\r\n", line);
    imports.handle(request);
    EXPECT_EQ(request->status, 422U);
    EXPECT_EQ(request->shown()["errors"],
              nlohmann::json::array({{{"pointer", "/0/body"}, {"detail", "is longer than limits.body"}}}));
}

TEST_F(memory_of_a_request, is_bounded_for_an_import_of_many_lines_as_for_one_of_one_line_it_is_not) {
    import_handler imports(
        io, 32 * MiB, [](const std::vector<pending_event>&, const auto&) {}, [] { return std::nullopt; });
    EXPECT_EQ(imports.body_limit(), longest_line(32 * MiB));
    const std::string line = "\n{}" + std::string(16 * MiB, '\n');
    const auto one = std::make_shared<asked>("POST /v1/import HTTP/1.1\r\nHost: localhost\r\n\r\n", "\n" + line + " ");
    imports.handle(one);
    io.run();
    EXPECT_EQ(one->status, 422U) << one->text;
    const auto two = std::make_shared<asked>("POST /v1/import HTTP/1.1\r\nHost: localhost\r\n\r\n", line + "{}");
    imports.handle(two);
    EXPECT_EQ(two->status, 413U);
    EXPECT_NE(two->text.find("Split it by lines"), std::string::npos) << two->text;
    imports.reconfigure(1 * MiB);
    EXPECT_EQ(imports.body_limit(), 16 * MiB) << "of many small lines";
    EXPECT_NE(body_too_large(imports).detail.find("Split it by lines"), std::string::npos);
}

using memory_of_all = served;

TEST_F(memory_of_all, counts_the_room_for_a_body_before_it_is_filled) {
    options.body_bytes = 100 * KiB;
    start();
    std::deque<raw_socket> slow;
    for (int i = 0; i < 6; ++i) {  // 16 KiB each
        ASSERT_TRUE(slow.emplace_back(connect()).send(head("POST /echo/a", "Content-Length: 90000\r\n")));
        ASSERT_FALSE(slow.back().has_more(milliseconds{50}));
    }
    raw_socket one_more = connect();
    ASSERT_TRUE(one_more.send(head("POST /echo/a", "Content-Length: 90000\r\n")));
    EXPECT_EQ(status_of(one_more.read_answer()), 503);
    slow.pop_back();
    EXPECT_TRUE(wait_until([&] {
        raw_socket later = connect();
        return later.send(post("/echo/a", std::string(10'000, 'x'))) && status_of(later.read_answer()) == 200;
    }));
}

TEST_F(memory_of_all, is_not_for_answers_that_nobody_takes) {
    options.body_bytes = 40 * MiB;
    start();
    std::deque<raw_socket> deaf;
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(deaf.emplace_back(connect()).send(post("/wait", "body")));
        ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
        on_thread([&] { wait.take()->answer(response{.body = std::string(32 * MiB, 'x')}); });
    }
    EXPECT_FALSE(deaf.back().read_answer()) << "cut off: there is no memory for a second one";
    const auto first = deaf.front().read_answer();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->body.size(), 32 * MiB);
    ASSERT_TRUE(deaf.front().send(post("/wait", "body")));
    ASSERT_TRUE(wait_until([&] { return wait.waiting() == 1; }));
    on_thread([&] { wait.take()->answer(response{.body = std::string(32 * MiB, 'x')}); });
    EXPECT_EQ(status_of(deaf.front().read_answer()), 200) << "given back once it was taken";
}

}  // namespace
}  // namespace posthaste
