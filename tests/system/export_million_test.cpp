// A million rows, exported and listed while events come: nothing is skipped or repeated, and the log stays small.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <unordered_set>

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/load.hpp"

namespace posthaste {

namespace {

constexpr std::size_t rows = 1'000'000;
constexpr std::size_t most_log_bytes = 64UL * 1024 * 1024;

// Ids as another outbox gave them: the number stands in the last bits, above 18 random ones.
std::string line_of(std::size_t number) {
    const unsigned long long tail = (static_cast<unsigned long long>(number) << 18U) | 5U;
    char id[64];
    std::snprintf(id, sizeof id, "0197f0a0-0000-7000-%04llx-%012llx", 0x8000U | (tail >> 48U),
                  tail & 0xffffffffffffULL);
    return std::string(R"({"id":")") + id +
           R"(","path":"/run/event","apiVersion":"","receivedAt":"2026-11-23T12:00:00.000Z","state":"pending",)" +
           R"("body":"{\"event\":\"e\",\"userId\":\"u)" + std::to_string(number % 1000) + R"(\",\"data\":{}}"})" + "\n";
}

void import_rows(const daemon_under_test& daemon) {
    for (std::size_t number = 1; number <= rows;) {
        std::string lines;
        for (; lines.size() < 8'000'000 && number <= rows; ++number)
            lines += line_of(number);
        const auto answer =
            http_call(daemon.port(), "POST", "/v1/import", {{"Content-Type", "application/x-ndjson"}}, lines);
        ASSERT_TRUE(answer && answer->status == 200) << (answer ? answer->body : "no answer");
    }
}

// Adds the ids that stand in the text; gives how much of it is done with: all but what may be the start of one.
std::size_t take_ids(const std::string& text, std::unordered_set<std::string>& ids) {
    constexpr std::string_view mark = R"({"id":")";
    constexpr std::size_t id_bytes = 36;
    std::size_t from = 0;
    for (std::size_t at = 0; (at = text.find(mark, from)) != std::string::npos;) {
        if (at + mark.size() + id_bytes > text.size()) return at;
        EXPECT_TRUE(ids.insert(text.substr(at + mark.size(), id_bytes)).second) << "twice";
        from = at + mark.size() + id_bytes;
    }
    return std::max(from, text.size() - std::min(text.size(), mark.size()));
}

}  // namespace

TEST(slow_export, of_a_million_rows_under_load_is_whole_and_leaves_the_log_small) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"delivery", {{"retry", {{"initial", "1h"}, {"max", "1h"}}}}}});
    daemon.start();
    import_rows(daemon);
    ASSERT_EQ(daemon.status()["queue"]["pending"], rows);

    load posting(4, 20, [&] { return daemon.port(); });
    raw_socket reader(daemon.port());
    reader.send(request_text("GET", "/v1/export", {}, "", daemon.port()));
    std::unordered_set<std::string> ids;
    std::string text;
    std::size_t largest_log = 0;
    for (bool ended = false; !ended;) {
        const std::string more = reader.read_some(32 * 1024);  // a little at a time
        ASSERT_FALSE(more.empty()) << "the export broke off after " << ids.size();
        text += more;
        ended = text.ends_with("0\r\n\r\n");
        text.erase(0, take_ids(text, ids));
        largest_log = std::max<std::size_t>(largest_log, std::filesystem::file_size(daemon.outbox_path() + "-wal"));
    }
    posting.finish();
    EXPECT_GE(ids.size(), rows);
    EXPECT_LT(largest_log, most_log_bytes);
    EXPECT_GT(posting.acknowledged_count(), 100u);
    EXPECT_TRUE(posting.refusals().empty());
}

TEST(slow_export, one_event_among_a_million_is_found_by_short_pages) {
    daemon_under_test daemon("http://127.0.0.1:9", {{"delivery", {{"retry", {{"initial", "1h"}, {"max", "1h"}}}}}});
    daemon.start();
    const auto wanted = daemon.post(sample_event("needle"));
    import_rows(daemon);
    std::string cursor;
    std::size_t found = 0;
    std::size_t pages = 0;
    do {
        const auto answer = http_call(daemon.port(), "GET", "/v1/events?userId=needle" + cursor);
        ASSERT_TRUE(answer);
        const auto page = answer->json();
        for (const auto& one : page["events"]) {
            EXPECT_EQ(one["id"], wanted);
            ++found;
        }
        cursor = page["nextCursor"].is_string() ? "&cursor=" + page["nextCursor"].get<std::string>() : "";
        ++pages;
    } while (!cursor.empty());
    EXPECT_EQ(found, 1u);
    EXPECT_GT(pages, 20u) << "each page takes a millisecond of the store's, and no more";
}

}  // namespace posthaste
