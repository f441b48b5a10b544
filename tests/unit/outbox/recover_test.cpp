// What recovery keeps, what it refuses, and what it leaves alone.

#include <utility>

#include "tests/unit/outbox/damaged_file.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(recovery, keeps_everything_of_an_outbox_that_is_whole) {
    damaged_file t;
    t.fill(12);
    t.settle({delivered(1, t.now + seconds{1}, 3), delivered(2, t.now + seconds{2})});
    t.settle({failed(4, t.now + seconds{3}, 7)});
    t.settle({dead(5, t.now + seconds{4}, death_reason::expired)});
    const auto facts = [&](sequence number) { return t.find(t.stored.at(number).id).value(); };
    const auto gone = facts(1);
    const auto buried = facts(5);
    const auto history = t.read().events.at(1).history;
    const auto totals = t.box->totals();
    t.box.reset();

    const auto report = t.recover_some();
    EXPECT_EQ(report.pending.saved, 9U);
    EXPECT_EQ(report.dead.saved, 1U);
    EXPECT_EQ(report.delivered.saved, 2U);
    EXPECT_EQ(report.histories.saved, 1U);
    EXPECT_EQ(report.write_ahead_log, log_use::whole);
    EXPECT_TRUE(report.complete());
    EXPECT_THAT(t.recovered_numbers(), ElementsAre(3, 4, 6, 7, 8, 9, 10, 11, 12));
    EXPECT_EQ(t.box->totals(), totals);

    EXPECT_EQ(facts(1).state, event_state::delivered);
    EXPECT_EQ(facts(1).delivered_at, gone.delivered_at);
    EXPECT_EQ(facts(1).attempts, 3U);
    EXPECT_EQ(facts(1).user_id, gone.user_id);
    EXPECT_EQ(facts(5).reason, death_reason::expired);
    EXPECT_EQ(facts(5).dead_at, buried.dead_at);
    EXPECT_EQ(facts(5).last_error->message, buried.last_error->message);
    EXPECT_EQ(facts(5).body, buried.body);
    const auto kept = t.read().events.at(1).history;
    ASSERT_TRUE(kept && history);
    EXPECT_EQ(kept->attempts, 7U);
    EXPECT_EQ(kept->conflicts_in_a_row, 2U);
    EXPECT_EQ(kept->next_at, history->next_at);
    EXPECT_EQ(kept->first_failed_at, history->first_failed_at);
    EXPECT_EQ(kept->last_error->status, 503);
    EXPECT_EQ(t.append(ticket()).number, 13U);
}

TEST(recovery, leaves_the_damaged_outbox_as_it_was_and_nothing_else_behind) {
    for (const bool with_lock : {true, false}) {
        damaged_file t;
        t.fill(200);
        t.box.reset();
        leave_marker(t.queue.path, "found damaged\n");
        const std::string lock = t.queue.path + ".lock";
        with_lock ? overwrite(lock, 0, "1234567\n") : static_cast<void>(std::filesystem::remove(lock));
        const auto files = [&] {
            std::map<std::string, std::string> found;
            for (const auto& file : std::filesystem::directory_iterator(t.folder / "")) {
                found[file.path().filename()] = bytes_of(file.path());
            }
            return found;
        };
        auto before = files();
        t.recover_some();
        before["recovered.db"] = bytes_of(t.recovered);
        EXPECT_EQ(files(), before) << (with_lock ? "with a lock file" : "without one");
    }
}

TEST(recovery, leaves_it_to_the_next_run_to_park) {
    damaged_file t;
    t.fill(12);
    const auto lanes = [&] {
        batch work;
        work.reads.emplace_back(parked_lanes_request{});
        return std::get<parked_lanes>(t.commit(work).reads.at(0));
    };
    batch parked;
    parked.parkings = {{"1", 3}, {"1", 4}};
    parked.mark = 4;
    t.commit(parked);
    EXPECT_EQ(lanes().mark, 4U);
    t.box.reset();
    t.recover_some();
    EXPECT_EQ(t.recovered_numbers().size(), 12U);
    EXPECT_EQ(lanes().mark, 0U) << "what was lost of the parkings nobody knows";
    EXPECT_THAT(lanes().user_ids, IsEmpty());
}

TEST(recovery, takes_from_the_log_what_the_database_does_not_have_yet) {
    damaged_file t;
    t.fill(20);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.settle({delivered(3, t.now)});
    t.fill(2);
    t.box.reset();
    EXPECT_EQ(t.recover_some().pending.saved, 21U);
    EXPECT_THAT(t.recovered_numbers(), Not(testing::Contains(3)));
}

TEST(recovery, does_not_take_a_row_whose_checksum_or_types_are_wrong) {
    for (const char* change : {"body = x'7b7d'", "crc = crc + 1", "user_id = '2'", "id = zeroblob(16)", "id = x'00'",
                               "bytes = 0", "traceparent = tracestate, tracestate = traceparent"}) {
        damaged_file t;
        t.fill(3);
        t.settle({dead(3, t.now)});
        t.box.reset();
        for (const char* table : {"events", "dead"}) {
            alter(t.queue.path, "UPDATE " + std::string(table) + " SET " + change + " WHERE seq > 1");
        }
        const auto report = t.recover_some();
        EXPECT_EQ(report.pending.damaged, 1U) << change;
        EXPECT_EQ(report.dead.damaged, 1U) << change;
        EXPECT_FALSE(report.complete());
        EXPECT_THAT(t.recovered_numbers(), ElementsAre(1)) << change;
        EXPECT_EQ(t.box->totals().dead, 0U);
        EXPECT_EQ(t.append(ticket()).number, 4U) << "a number is never given twice";
    }
}

TEST(recovery, gives_an_event_back_its_number_which_its_id_tells) {
    damaged_file t;
    t.fill(3);
    t.box.reset();
    alter(t.queue.path, "UPDATE events SET seq = 99, received_at = 5 WHERE seq = 2");
    EXPECT_EQ(t.recover_some().pending.saved, 3U);
    EXPECT_THAT(t.recovered_numbers(), ElementsAre(1, 2, 3));
}

TEST(recovery, keeps_the_ids_times_and_numbers_of_events_that_another_outbox_had_given) {
    damaged_file t;
    t.fill(2);
    batch work;
    auto& group = work.imports.emplace_back();
    for (const sequence number : {77, 12, 13, 2}) {
        auto& one = group.emplace_back();
        one.id = make_event_id(t.now - seconds{9}, number, 5 + number);
        one.received_at = t.now - seconds{7};
        one.what = ticket("user", "body " + std::to_string(number));
    }
    t.commit(work);
    t.settle({dead(5, t.now), delivered(4, t.now)});
    for (const auto& one : t.read().events) {
        t.stored[one.number] = one;
    }
    const std::vector<uuid> ids{group[0].id, group[1].id, group[2].id, group[3].id};
    t.box.reset();
    for (const bool known : {true, false}) {
        if (!known) {  // the row is believed then
            t.destroy_page(t.root_of("foreign_ids"));
        }
        const auto from = t.queue.path;
        const auto report = t.recover_some();
        EXPECT_EQ(report.pending.damaged + report.dead.damaged + report.delivered.damaged, 0U);
        EXPECT_THAT(t.recovered_numbers(), ElementsAre(1, 2, 3, 6)) << known;
        EXPECT_EQ(t.find(ids[0])->state, event_state::pending);
        EXPECT_EQ(t.find(ids[0])->received_at, t.now - seconds{7});
        EXPECT_EQ(t.find(ids[1])->state, event_state::delivered);
        EXPECT_EQ(t.find(ids[2])->state, event_state::dead);
        EXPECT_EQ(t.find(ids[3])->state, event_state::pending);
        EXPECT_EQ(t.append(ticket()).number, 7U);
        t.box.reset();
        t.queue.path = from;
    }
}

// The facts of its first time are over, and still in the file with others of their run.
TEST(recovery, keeps_an_event_that_came_in_anew_after_it_was_delivered) {
    damaged_file t;
    t.queue.keep_delivered = seconds{60};
    t.reopen();
    const uuid id = make_event_id(t.now - seconds{9}, 500, 5);
    const auto import = [&] {
        batch work;
        auto& one = work.imports.emplace_back().emplace_back();
        one.id = id;
        one.received_at = t.now;
        one.what = ticket();
        return t.commit(work).imports.at(0).imported;
    };
    ASSERT_EQ(import(), 1U);
    t.fill(1);
    t.settle({delivered(1, t.now), delivered(2, t.now + seconds{30})});
    t.now += seconds{61};
    ASSERT_EQ(import(), 1U);
    t.stored[3] = t.read().events.at(0);
    t.box.reset();
    const auto report = t.recover_some();
    EXPECT_EQ(report.delivered.saved, 2U);
    EXPECT_EQ(report.pending.saved, 1U);
    EXPECT_THAT(t.recovered_numbers(), ElementsAre(3));
    EXPECT_EQ(t.find(id)->state, event_state::pending);
}

// What is kept of delivered events, each with its number and time.
std::vector<std::string> delivered_in(damaged_file& t) {
    std::vector<std::string> all;
    t.queue.keep_delivered = std::chrono::hours{24 * 3650};
    t.reopen();
    for (const auto& one : t.box->list({.state = event_state::delivered}, t.now).value().events) {
        all.push_back(std::to_string(one.number) + " " + to_string(one.id) + " " + one.user_id + " " + one.name + " " +
                      to_rfc3339(one.received_at) + " " + to_rfc3339(*one.delivered_at) + " " +
                      std::to_string(one.attempts) + " " + std::to_string(*one.response_status));
    }
    return all;
}

TEST(recovery, reads_the_outboxes_of_earlier_versions) {
    for (const char* version : {"v1", "v6", "v7"}) {
        damaged_file t;
        t.box.reset();
        std::filesystem::remove(t.queue.path + "-wal");
        std::filesystem::copy_file(
            std::string(POSTHASTE_SOURCE_DIR "/tests/unit/outbox/fixtures/outbox-") + version + ".db", t.queue.path,
            std::filesystem::copy_options::overwrite_existing);
        const auto before = bytes_of(t.queue.path);
        const auto report = t.recover_some();
        EXPECT_TRUE(report.complete());
        EXPECT_EQ(bytes_of(t.queue.path), before);
        t.reopen();  // the file itself, brought up to date
        auto totals = t.box->totals();
        totals.bytes -= std::exchange(totals.identity_bytes, 0);  // what is kept of users is left behind
        const auto gone = delivered_in(t);
        EXPECT_EQ(gone.size(), totals.delivered);
        t.queue.path = t.recovered;
        t.reopen();
        EXPECT_EQ(t.box->totals(), totals);
        EXPECT_GT(totals.pending, 0U);
        EXPECT_EQ(delivered_in(t), gone);
    }
}

TEST(recovery, does_not_take_facts_that_are_not_possible) {
    const std::pair<const char*, const char*> changes[] = {
        {"retries", "next_at = 9999999999999"},
        {"retries", "attempts = -1"},
        {"retries", "error_status = 7"},
        {"dead", "reason = 'bored'"},
        {"dead", "dead_at = -1"},
        {"delivered_runs", "crc = crc + 1"},
        {"delivered_runs", "facts = zeroblob(76)"},
        {"delivered_runs", "seq = 9"},
        {"delivered_runs", "events = -1"},
    };
    for (const auto& [table, change] : changes) {
        damaged_file t;
        t.fill(3);
        t.settle({failed(1, t.now)});
        t.settle({dead(2, t.now)});
        t.settle({delivered(3, t.now)});
        t.box.reset();
        alter(t.queue.path, std::string("UPDATE ") + table + " SET " + change);
        const auto report = t.recover_some();
        EXPECT_EQ(report.histories.damaged + report.dead.damaged + report.delivered.damaged, 1U) << change;
        EXPECT_THAT(t.recovered_numbers(), ElementsAre(1)) << change;
        EXPECT_EQ(t.box->totals().retrying, std::string(table) == "retries" ? 0U : 1U) << change;
    }
}

TEST(recovery, does_not_deliver_again_what_stands_as_delivered_or_dead_too) {
    damaged_file t;
    t.fill(4);
    t.close_whole();
    const auto earlier = t.folder / "earlier.db";
    std::filesystem::copy_file(t.queue.path, earlier);
    t.open();
    t.settle({delivered(2, t.now)});
    t.box.reset();
    alter(t.queue.path, "ATTACH '" + earlier +
                            "' AS earlier; "
                            "INSERT INTO events SELECT * FROM earlier.events WHERE seq = 2");
    t.recover_some();
    EXPECT_THAT(t.recovered_numbers(), ElementsAre(1, 3, 4));
    EXPECT_EQ(t.box->totals().delivered, 1U);
}

TEST(recovery, carries_the_totals_over_where_they_can_be_read_and_counts_anew_where_not) {
    for (const bool readable : {true, false}) {
        damaged_file t;
        t.queue.keep_delivered = milliseconds{0};
        t.reopen();
        t.fill(5);
        t.settle({delivered(1, t.now), delivered(2, t.now)});
        t.box.reset();
        if (!readable) {
            alter(t.queue.path, "UPDATE meta SET accepted = 0");
        }
        EXPECT_EQ(t.recover_some().counted.has_value(), readable);
        EXPECT_THAT(t.recovered_numbers(), ElementsAre(3, 4, 5));
        EXPECT_EQ(t.box->totals().delivered, readable ? 2U : 0U);
        EXPECT_EQ(t.box->totals().accepted, readable ? 5U : 3U);
    }
}

TEST(recovery, keeps_what_delivery_knew_of_the_upstream_where_it_can_be_read) {
    using kind = upstream_memory::pause;
    const auto at = damaged_file{}.now;
    for (const auto& what :
         {upstream_memory{kind::by_hand, at, true, ""}, upstream_memory{kind::none, {}, false, "0af7"},
          upstream_memory{kind::rejecting_everything, at, false, "0af7"}}) {
        damaged_file t;
        t.fill(1);
        batch work;
        work.upstream = what;
        t.commit(work);
        t.close_whole();
        EXPECT_EQ(t.recover_some().paused, what.paused != kind::none);
        const auto from = std::exchange(t.queue.path, t.recovered);
        t.reopen();
        EXPECT_EQ(t.box->upstream(), what);
        t.box.reset();

        t.queue.path = from;
        alter(from, "UPDATE upstream_memory SET paused = 7");
        EXPECT_FALSE(t.recover_some().paused.has_value());
        t.destroy_page(t.root_of("upstream_memory"));
        EXPECT_FALSE(t.recover_some().paused.has_value());
        t.queue.path = t.recovered;
        t.reopen();
        EXPECT_EQ(t.box->upstream(), upstream_memory{});
    }
}

TEST(recovery, says_how_many_are_missing_by_the_outboxs_own_count) {
    damaged_file t;
    t.fill(5);
    t.box.reset();
    alter(t.queue.path, "DELETE FROM events WHERE seq < 3");
    const auto report = t.recover_some();
    EXPECT_EQ(report.counted->pending, 5U);
    EXPECT_FALSE(report.complete());
}

TEST(recovery, is_refused_while_the_outbox_is_in_use) {
    damaged_file t;
    t.fill(1);
    const auto report = t.recover();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, exit_code::locked_or_in_use);
    EXPECT_THAT(report.error().message, HasSubstr("process " + std::to_string(::getpid())));
    EXPECT_FALSE(std::filesystem::exists(t.recovered));
}

TEST(recovery, overwrites_nothing) {
    for (const char* suffix : {"", "-wal", "-journal"}) {
        damaged_file t;
        t.fill(1);
        t.box.reset();
        std::ofstream(t.recovered + suffix) << "mine";
        const auto report = recover_outbox({t.queue.path, t.recovered, t.now});
        ASSERT_FALSE(report);
        EXPECT_EQ(report.error().code, exit_code::usage);
        EXPECT_THAT(report.error().message, HasSubstr(t.recovered + suffix + " is there already"));
        EXPECT_EQ(bytes_of(t.recovered + suffix), "mine");
    }
}

TEST(recovery, says_so_where_there_is_nothing_to_recover) {
    damaged_file t;
    t.close_whole();
    const auto empty = t.recover();
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().code, exit_code::failed);
    EXPECT_THAT(empty.error().message, HasSubstr("no event that can be read"));

    alter(t.folder / "theirs.db", "CREATE TABLE theirs (a)");
    const auto foreign = recover_outbox({t.folder / "theirs.db", t.recovered, t.now});
    ASSERT_FALSE(foreign);
    EXPECT_THAT(foreign.error().message, HasSubstr("a database of another program"));

    const auto missing = recover_outbox({t.folder / "none.db", t.recovered, t.now});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, exit_code::usage);
    EXPECT_FALSE(std::filesystem::exists(t.folder / "none.db.lock"));
    EXPECT_FALSE(std::filesystem::exists(t.recovered));
}

}  // namespace
}  // namespace posthaste
