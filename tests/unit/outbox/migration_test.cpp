// Files of every schema version that ever landed are opened by the newest code, and lose nothing.

#include <filesystem>

#include <gmock/gmock.h>

#include "lib/outbox/migrations.hpp"
#include "lib/outbox/row_sum.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

struct old_outbox {
    temporary_outbox t;

    explicit old_outbox(const std::string& version, const std::string& change = "") {
        t.box.reset();
        std::filesystem::remove(t.queue.path + "-wal");
        std::filesystem::copy_file(POSTHASTE_SOURCE_DIR "/tests/unit/outbox/fixtures/outbox-" + version + ".db",
                                   t.queue.path, std::filesystem::copy_options::overwrite_existing);
        std::filesystem::permissions(t.queue.path, std::filesystem::perms{0600});
        alter(t.queue.path, change);
        t.now += std::chrono::hours{48};  // later than all of it
        t.queue.keep_delivered = std::chrono::hours{24 * 365};
        t.queue.keep_dead = std::chrono::hours{24 * 365};
        t.open();
    }
};

// Made by the daemon of its day: 70 events wait for one user, the first of them failed once, the last 6 are parked; 3
// are dead and 3 delivered.
TEST(migration, version_1_keeps_all_that_it_held) {
    old_outbox old("v1");
    auto& t = old.t;
    const auto& totals = t.box->totals();
    EXPECT_EQ(totals.accepted, 76U);
    EXPECT_EQ(totals.pending, 70U);
    EXPECT_EQ(totals.retrying, 1U);
    EXPECT_EQ(totals.dead, 3U);
    EXPECT_EQ(totals.delivered, 3U);
    EXPECT_TRUE(closes(totals));

    const auto first = t.read();
    ASSERT_EQ(first.events.size(), 70U);
    EXPECT_TRUE(first.damaged.empty());
    const auto& head = first.events.front();
    EXPECT_EQ(head.what.body, R"({"event":"Ticket Created", "userId":"sick","data":{"n":1}})");
    EXPECT_EQ(head.what.path, "/2023-12/run/event");
    EXPECT_EQ(head.what.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    ASSERT_TRUE(head.history);
    EXPECT_EQ(head.history->last_error->status, 503);
    EXPECT_EQ(head.history->last_error->message, "because");
}

TEST(migration, version_1_learns_what_its_dead_weigh) {
    old_outbox old("v1");
    auto& t = old.t;
    const auto with_dead = t.box->totals().bytes;
    t.queue.keep_dead = milliseconds{0};
    t.reopen();
    batch nothing;
    t.commit(nothing);
    EXPECT_EQ(t.box->totals().dead, 0U);
    EXPECT_EQ(t.box->totals().purged, 3U);
    EXPECT_LT(t.box->totals().bytes, with_dead);
    EXPECT_EQ(t.box->totals().bytes, [&] {
        std::uint64_t bytes = 0;
        for (const auto& one : t.read().events) {
            bytes += row_bytes(one.what);
        }
        return bytes;
    }());
}

// Made by the daemon of its day: 81 events wait for one user, the first of them failed once, the last 17 are parked, of
// which one was imported; 3 are dead, 5 delivered, two of them imported.
TEST(migration, version_2_keeps_all_that_it_held) {
    old_outbox old("v2");
    auto& t = old.t;
    const auto& totals = t.box->totals();
    EXPECT_EQ(totals.accepted, 89U);
    EXPECT_EQ(totals.pending, 81U);
    EXPECT_EQ(totals.retrying, 1U);
    EXPECT_EQ(totals.dead, 3U);
    EXPECT_EQ(totals.delivered, 5U);
    EXPECT_TRUE(closes(totals));
    const auto all = t.read();
    ASSERT_EQ(all.events.size(), 81U);
    EXPECT_TRUE(all.damaged.empty());
    EXPECT_EQ(all.events.front().history->last_error->status, 503);
    for (const char* imported : {"0197f0a0-0000-7000-8000-00000fa40005", "0197f0a0-0000-7000-8000-00000fac0005"})
        EXPECT_TRUE(t.find(*parse_uuid(imported))) << imported;
}

TEST(migration, version_2_finds_its_parked_events_by_the_cursor) {
    old_outbox old("v2");
    batch work;
    work.reads.emplace_back(parked_lanes_request{});
    const auto found = std::get<parked_lanes>(old.t.commit(work).reads.at(0));
    EXPECT_TRUE(found.user_ids.empty());
    EXPECT_EQ(found.mark, 0U);
    EXPECT_TRUE(old.t.take({.user_id = "sick", .below = max_sequence}).events.empty());
}

// Made by the daemon of its day: 70 events wait for one user, the first of them failed once, the last 6 are parked; 2
// are dead, 3 delivered, and a person stopped the sending.
TEST(migration, version_3_keeps_all_that_it_held) {
    old_outbox old("v3");
    auto& t = old.t;
    EXPECT_EQ(
        t.box->totals(),
        (outbox_totals{.accepted = 75, .delivered = 3, .dead = 2, .pending = 70, .retrying = 1, .bytes = 25'185}));
    EXPECT_EQ(t.box->upstream().paused, upstream_memory::pause::by_hand);
    EXPECT_EQ(t.take({.user_id = "sick", .below = max_sequence}).events.size(), 6U);
    EXPECT_EQ(t.read().events.size(), 70U);
}

// Made by the daemon of its day: 72 events wait for one user, the first of them failed once; 2 are dead, 3 delivered;
// three single events and a batch of two came with idempotency keys.
TEST(migration, version_4_keeps_all_that_it_held) {
    old_outbox old("v4");
    auto& t = old.t;
    EXPECT_EQ(
        t.box->totals(),
        (outbox_totals{.accepted = 77, .delivered = 3, .dead = 2, .pending = 72, .retrying = 1, .bytes = 21'627}));
    EXPECT_EQ(t.read().events.size(), 72U);
    EXPECT_FALSE(t.box->find_identity({}).value());
}

// Made by the daemon of its day: 75 events wait for one user, the first of them failed once; 2 are dead, 3 delivered;
// three single events and a batch of two came with idempotency keys; of one user the upstream's answer is kept.
TEST(migration, version_5_keeps_all_that_it_held) {
    old_outbox old("v5");
    auto& t = old.t;
    EXPECT_EQ(t.box->totals(), (outbox_totals{.accepted = 80,
                                              .delivered = 3,
                                              .dead = 2,
                                              .pending = 75,
                                              .retrying = 1,
                                              .bytes = 22'626 + 172,
                                              .identity_bytes = 172}));
    EXPECT_EQ(t.read().events.size(), 75U);
}

TEST(migration, version_5_knows_its_idempotency_keys) {
    old_outbox old("v5");
    auto& t = old.t;
    const uuid first = *parse_uuid("01a218b1-f7cf-73b9-8000-0000013d31b8");
    t.now = time_of(first) + std::chrono::hours{1};
    batch work;
    work.submissions.push_back({.events = {},
                                .key = idempotency{.key = {0xae, 0xd8, 0xfe, 0xad, 0xb8, 0x8a, 0xb4, 0x13, 0x50, 0x64,
                                                           0xff, 0x67, 0x51, 0x40, 0xeb, 0x55},
                                                   .request = {0xb4, 0x06, 0x6f, 0x1b, 0xd5, 0x9a, 0x0c, 0x07, 0xa3,
                                                               0xb8, 0xb1, 0x00, 0x56, 0xb0, 0x08, 0x01}}});
    work.submissions.back().events.resize(2);
    const auto told = t.commit(work).submissions.at(0);
    ASSERT_EQ(told.what, submission_outcome::kind::replayed);
    EXPECT_EQ(told.told.first, first);
    EXPECT_EQ(told.told.events, 2U);
}

// Made by the daemon of its day: 70 events wait for one user, the first of them failed once; 2 are dead, 11 delivered,
// of which three and eight follow each other, the last of them imported; three came with idempotency keys.
TEST(migration, version_6_keeps_all_that_it_held) {
    old_outbox old("v6");
    auto& t = old.t;
    EXPECT_EQ(
        t.box->totals(),
        (outbox_totals{.accepted = 83, .delivered = 11, .dead = 2, .pending = 70, .retrying = 1, .bytes = 21'033}));
    EXPECT_EQ(t.read().events.size(), 70U);
}

TEST(migration, version_6_shows_what_became_of_its_delivered_events) {
    old_outbox old("v6");
    auto& t = old.t;
    const auto page = t.box->list({.state = event_state::delivered}, t.now).value();
    std::vector<sequence> numbers;
    for (const auto& one : page.events) {
        numbers.push_back(one.number);
    }
    EXPECT_THAT(numbers, testing::ElementsAre(83, 82, 81, 80, 79, 78, 77, 76, 3, 2, 1));
    const auto facts = t.find(*parse_uuid("01a21a63-0be4-78b9-8000-0000013a2277"));
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->number, 78U);
    EXPECT_EQ(facts->state, event_state::delivered);
    EXPECT_EQ(facts->user_id, "good-6");
    EXPECT_EQ(facts->name, "Ticket Created");
    EXPECT_EQ(facts->received_at, wall_time{milliseconds{1'795'739'028'452}});
    EXPECT_EQ(facts->delivered_at, wall_time{milliseconds{1'795'739'028'454}});
    EXPECT_EQ(facts->attempts, 1U);
    EXPECT_EQ(facts->response_status, 200);
    EXPECT_TRUE(t.find(*parse_uuid("0197f0a0-0000-7000-8000-00000fac0005"))) << "imported";
    t.box.reset();
    sqlite_connection database;
    ASSERT_TRUE(database.open(t.queue.path));
    EXPECT_EQ(database.integer("SELECT count(*) FROM delivered_runs").value(), 2);
    EXPECT_EQ(database.integer("SELECT delivered_kept FROM meta").value(), 11);
}

TEST(migration, version_6_gives_no_checksum_to_facts_that_are_another_events) {
    old_outbox old("v6",
                   "UPDATE delivered SET seq = 5000 WHERE seq = 3; UPDATE delivered SET id = x'01' WHERE seq = 2");
    const auto page = old.t.box->list({.state = event_state::delivered}, old.t.now).value();
    EXPECT_EQ(page.events.size(), 9U);
    EXPECT_EQ(page.events.back().number, 1U);
}

// Made by the daemon of its day: 70 events wait for one user, the first of them failed once; 2 are dead, 3 delivered;
// three came with idempotency keys; of two users the upstream's answers are kept, of 34 and 5,049 bytes.
TEST(migration, version_7_keeps_all_that_it_held) {
    old_outbox old("v7");
    auto& t = old.t;
    constexpr std::uint64_t answers = 2 * 128 + 16 + 34 + 31 + 5049;
    EXPECT_EQ(t.box->totals(), (outbox_totals{.accepted = 75,
                                              .delivered = 3,
                                              .dead = 2,
                                              .pending = 70,
                                              .retrying = 1,
                                              .bytes = 21'392 + answers,
                                              .identity_bytes = answers}));
    EXPECT_EQ(t.read().events.size(), 70U);
    t.box.reset();
    sqlite_connection database;
    ASSERT_TRUE(database.open(t.queue.path));
    EXPECT_EQ(database.integer("SELECT identities FROM meta").value(), 2);
}

// As its answers weigh when they come or go.
TEST(migration, version_7_weighs_what_it_kept_of_users_by_the_byte) {
    old_outbox old("v7", "UPDATE identities SET content_type = 'text/\u00fc' WHERE length(body) = 34");
    auto& t = old.t;
    EXPECT_EQ(t.box->totals().identity_bytes, 2U * 128 + 7 + 34 + 31 + 5049);
}

// Which is all that recovery may have left.
TEST(migration, leaves_the_schema_on_the_first_page) {
    for (const char* version : {"v1", "v2", "v3", "v4", "v5", "v6", "v7"}) {
        old_outbox old(version);
        ASSERT_TRUE(old.t.box->checkpoint_whole());
        old.t.box.reset();
        sqlite_connection database;
        ASSERT_TRUE(database.open(old.t.queue.path));
        EXPECT_EQ(database.integer("SELECT count(*) FROM dbstat WHERE name = 'sqlite_schema'").value(), 1) << version;
    }
}

TEST(migration, every_version_before_the_newest_has_its_fixture) {
    for (int version = 1; version < outbox_schema_version(); ++version) {
        const auto file = POSTHASTE_SOURCE_DIR "/tests/unit/outbox/fixtures/outbox-v" + std::to_string(version) + ".db";
        EXPECT_TRUE(std::filesystem::exists(file)) << file;
    }
}

}  // namespace
}  // namespace posthaste
