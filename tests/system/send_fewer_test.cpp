// `posthaste send --ndjson` to a daemon that does not take a thousand events at once: it is sent fewer, and what is
// repeated with the same key is stored once, whatever it took in between.

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/patience.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> sending(const std::string& server, const std::string& file) {
    return {posthaste_binary(), "send", "--server", server, "--ndjson", file, "--idempotency-key", "k"};
}

finished send(const std::string& server, const std::string& file) {
    return run_to_end({sending(server, file), {}, {}, {}});
}

std::string event(int number, const std::string& more = "") {
    return R"({"event": "E", "userId": "u", "data": {"n": )" + std::to_string(number) + more + "}}\n";
}

std::string events(int first, int last) {
    std::string lines;
    for (int number = first; number <= last; ++number)
        lines += event(number);
    return lines;
}

answer_step queued(std::size_t count, const http_headers& headers = {}) {
    return {.status = 202,
            .body = json{{"message", ""}, {"ids", std::vector<std::string>(count, "id")}}.dump(),
            .headers = headers};
}

answer_step refuses(int status, const std::string& problem, const http_headers& headers = {}) {
    return {.status = status,
            .body = json{{"type", "urn:posthaste:problem:" + problem}, {"detail", "No."}}.dump(),
            .headers = headers};
}

answer_step full() {
    return refuses(503, "queue-full", {{"Retry-After", "0"}});
}

struct stand_in_for_little : testing::Test {
    stand_in_for_little() { daemon.start(); }

    // "KEY LINES" of each request.
    std::vector<std::string> told() {
        std::vector<std::string> found;
        for (const auto& request : daemon.requests())
            found.push_back(request.field("Idempotency-Key") + " " +
                            std::to_string(std::ranges::count(request.body, '\n')));
        return found;
    }

    const temp_folder folder;
    const std::string file = folder.write("events.ndjson", events(1, 1700));
    upstream_process daemon;
};

TEST_F(stand_in_for_little, gets_fewer_from_a_413_on_with_the_key_of_what_was_too_much) {
    const auto too_large = refuses(413, "body-too-large");
    daemon.answer_with({too_large, too_large, queued(250), queued(250), queued(250), queued(250), queued(250),
                        queued(250), queued(200)});
    const auto ended = send(daemon.url(), file);
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, "queued 1,700 events\n");
    EXPECT_THAT(told(), ElementsAre("k-1 1000", "k-1 500", "k-1 250", "k-2 250", "k-3 250", "k-4 250", "k-5 250",
                                    "k-6 250", "k-7 200"));
    std::string all;
    for (const auto& request : daemon.requests())
        if (request.status == 202) all += request.body;
    EXPECT_EQ(all, events(1, 1700));
}

TEST_F(stand_in_for_little, gets_fewer_once_where_its_queue_has_no_room_for_so_many) {
    daemon.answer_with({full(), full(), queued(250), queued(1000), full(), queued(250), queued(200)});
    const auto ended = send(daemon.url(), file);
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, "queued 1,700 events\n");
    EXPECT_THAT(told(), ElementsAre("k-1 1000", "k-1 500", "k-1 250", "k-2 1000", "k-3 450", "k-3 250", "k-4 200"));
}

TEST_F(stand_in_for_little, gets_fewer_where_another_run_stored_fewer) {
    const http_headers replayed{{"Idempotency-Replayed", "true"}};
    const auto reused = refuses(422, "idempotency-key-reused");
    daemon.answer_with({does(answer_step::kind::drop), reused, queued(500, replayed), queued(1000), queued(200)});
    const auto ended = send(daemon.url(), file);
    EXPECT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.output, "queued 1,200 events, 500 had been queued before with this --idempotency-key\n")
        << "what was lost is not what another run stored";
    EXPECT_THAT(told(), ElementsAre("k-1 1000", "k-1 1000", "k-1 500", "k-2 1000", "k-3 200"));
}

TEST_F(stand_in_for_little, that_refuses_one_line_ends_the_run_with_its_place) {
    folder.write("events.ndjson", events(1, 3));
    daemon.answer_with({refuses(413, "body-too-large"), queued(1), refuses(413, "body-too-large")});
    const auto ended = send(daemon.url(), file);
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.error, file + ":2: No. (413)\nposthaste send: 1 event was queued, and what stands from " + file +
                               ":2 on was not. Go on with --idempotency-key k, and what is queued is not queued "
                               "again\n");
}

struct small_daemon : testing::Test {
    void limit(const json& changes) {
        daemon.configure(changes);
        daemon.restart();
    }
    int accepted() { return daemon.status()["totals"]["accepted"]; }

    static std::string queued(const std::string& now, const std::string& before = "") {
        return "queued " + now + " events" +
               (before.empty() ? "" : ", " + before + " had been queued before with this --idempotency-key") + "\n";
    }

    const temp_folder folder;
    const std::string file = folder.write("events.ndjson", events(1, 1100));
    daemon_under_test daemon{"http://127.0.0.1:9", {{"events", {{"E", {{"n", "Integer"}, {"more", "String?"}}}}}}};
};

TEST_F(small_daemon, gets_all_in_requests_of_no_more_events_than_it_takes) {
    daemon.configure({{"limits", {{"batch_events", 300}}}});
    daemon.start();
    const auto ended = send(daemon.url(), file);
    EXPECT_EQ(ended.output, queued("1,100")) << ended.error;
    EXPECT_EQ(send(daemon.url(), file).output, queued("0", "1,100"));
    limit({{"limits", {{"batch_events", 10'000}}}});
    EXPECT_EQ(send(daemon.url(), file).output, queued("0", "1,100")) << "though it would take more at once now";
    EXPECT_EQ(accepted(), 1100);
}

TEST_F(small_daemon, gets_all_in_requests_of_no_more_bytes_than_it_takes) {
    daemon.configure({{"limits", {{"batch_body", "16KiB"}}}});
    daemon.start();
    const auto ended = send(daemon.url(), file);
    EXPECT_EQ(ended.output, queued("1,100")) << ended.error;
    limit({{"limits", {{"batch_body", "16MiB"}}}});
    EXPECT_EQ(send(daemon.url(), file).output, queued("0", "1,100"));
    EXPECT_EQ(accepted(), 1100);
}

TEST_F(small_daemon, that_took_more_at_once_before_stores_nothing_again) {
    daemon.start();
    EXPECT_EQ(send(daemon.url(), file).status, 0);
    limit({{"limits", {{"batch_events", 300}}}});
    const auto ended = send(daemon.url(), file);
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.error, StartsWith("posthaste send: the daemon knows this --idempotency-key from other lines, "));
    EXPECT_THAT(ended.error, HasSubstr("(422); 0 events were queued, those from " + file + ":1 on may be, "));
    EXPECT_EQ(accepted(), 1100);
}

TEST_F(small_daemon, has_the_line_told_that_is_too_long_and_takes_it_once_it_is_shorter) {
    daemon.configure({{"limits", {{"body", "1KiB"}}}});
    daemon.start();
    const auto with = [&](std::size_t length) {
        folder.write("events.ndjson", events(1, 699) + event(700, R"(, "more": ")" + std::string(length, 'x') + '"') +
                                          events(701, 1100));
    };
    with(2000);
    const auto ended = send(daemon.url(), file);
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.error, StartsWith(file + ":700: "));
    EXPECT_THAT(ended.error,
                HasSubstr("posthaste send: 699 events were queued, and what stands from " + file + ":700"));
    with(20);
    EXPECT_EQ(send(daemon.url(), file).output, queued("401", "699"));
    EXPECT_EQ(accepted(), 1100);
}

TEST_F(small_daemon, whose_queue_never_has_room_for_a_thousand_gets_fewer_at_once) {
    daemon.configure({{"queue", {{"max_events", 500}}}});
    daemon.start();
    {
        process run({sending(daemon.url(), file), {}, {}, {}});
        const std::string full = R"(posthaste_events_rejected_total{reason="queue-full"})";
        EXPECT_TRUE(wait_until([&] { return daemon.metric(full) >= 2; })) << "refused 1,000, then what followed 500";
        run.signal(SIGINT);
        EXPECT_EQ(run.wait(), 1);
        EXPECT_THAT(run.standard_error(), HasSubstr("500 events were queued, and what stands from " + file + ":501"));
    }
    limit({{"queue", {{"max_events", 5000}}}});
    const auto ended = send(daemon.url(), file);
    EXPECT_EQ(ended.output, queued("600", "500")) << ended.error;
    EXPECT_EQ(send(daemon.url(), file).output, queued("0", "1,100"));
    EXPECT_EQ(accepted(), 1100);
}

}  // namespace
}  // namespace posthaste
