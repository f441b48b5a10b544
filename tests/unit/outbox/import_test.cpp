#include <gmock/gmock.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;

struct importing : temporary_outbox {
    import_report import(std::vector<pending_event> events) {
        batch work;
        work.imports.push_back(std::move(events));
        return commit(work).imports.at(0);
    }

    // An event as another outbox numbered it.
    pending_event foreign(sequence number, const std::string& user = "1") {
        pending_event one;
        one.id = make_event_id(now - std::chrono::hours{1}, number, 0xfe0 + number);
        one.received_at = now - std::chrono::hours{1};
        one.what = ticket(user);
        return one;
    }

    std::int64_t foreign_rows() {
        box.reset();
        sqlite_connection database;
        const bool opened = database.open(queue.path).has_value();
        const auto rows = opened ? database.integer("SELECT count(*) FROM foreign_ids").value() : -1;
        database.close();
        open();
        return rows;
    }
};

TEST(import, keeps_ids_and_times_and_gives_numbers_of_its_own) {
    importing t;
    t.append(1);
    const auto first = t.foreign(77);
    const auto second = t.foreign(12);
    const auto report = t.import({first, second});
    EXPECT_EQ(report.imported, 2U);
    EXPECT_EQ(report.known, 0U);
    EXPECT_THAT(t.pending(), ElementsAre(1, 2, 3));
    const auto read = t.read().events;
    EXPECT_EQ(read.at(1).id, first.id);
    EXPECT_EQ(read.at(1).received_at, first.received_at);
    EXPECT_EQ(t.find(first.id)->state, event_state::pending);
    EXPECT_EQ(t.find(second.id)->state, event_state::pending);
    EXPECT_EQ(t.box->totals().accepted, 3U);
    EXPECT_TRUE(closes(t.box->totals()));
}

TEST(import, leaves_out_what_is_already_here_whatever_its_state) {
    importing t;
    const auto pending = t.append(ticket());
    const auto done = t.foreign(5);
    const auto buried = t.foreign(6);
    t.import({done, buried});
    t.settle({delivered(2, t.now), dead(3, t.now)});
    const auto fresh = t.foreign(7);
    const auto report = t.import({pending, done, buried, fresh, fresh});
    EXPECT_EQ(report.imported, 1U);
    EXPECT_EQ(report.known, 4U);
    EXPECT_THAT(t.pending(), ElementsAre(1, 4));
}

TEST(import, finds_an_event_by_its_id_to_the_end_of_its_days_and_forgets_it_then) {
    importing t;
    t.queue.keep_delivered = seconds{60};
    t.queue.keep_dead = seconds{60};
    t.reopen();
    const auto one = t.foreign(500);
    const auto two = t.foreign(600);
    t.import({one, two});
    t.settle({delivered(1, t.now), dead(2, t.now)});
    t.reopen();
    EXPECT_EQ(t.find(one.id)->state, event_state::delivered);
    EXPECT_EQ(t.find(two.id)->state, event_state::dead);
    EXPECT_EQ(t.foreign_rows(), 2);
    t.now += seconds{61};
    batch nothing;
    t.commit(nothing);
    EXPECT_FALSE(t.find(one.id));
    EXPECT_FALSE(t.find(two.id));
    EXPECT_EQ(t.foreign_rows(), 0);
}

TEST(import, takes_an_event_anew_once_what_was_kept_of_it_is_over) {
    importing t;
    t.queue.keep_delivered = seconds{60};
    t.reopen();
    const auto early = t.foreign(400);
    const auto one = t.foreign(500);
    t.import({one, early});
    t.settle({delivered(1, t.now), delivered(2, t.now)});
    t.now += seconds{61};  // over, and not yet dropped
    EXPECT_EQ(t.import({one}).imported, 1U);
    EXPECT_EQ(t.find(one.id)->state, event_state::pending);
    EXPECT_EQ(t.foreign_rows(), 1) << "what was dropped with that commit took the other id along, and this one not";
    EXPECT_THAT(t.pending(), ElementsAre(3));
}

TEST(import, an_event_whose_number_is_damaged_is_not_sent) {
    importing t;
    t.import({t.foreign(500), t.foreign(501)});
    t.box.reset();
    alter(t.queue.path, "UPDATE events SET seq = 7 WHERE seq = 2; UPDATE meta SET next_seq = 9");
    t.open();
    const auto read = t.read();
    EXPECT_THAT(numbers_of(read.events), ElementsAre(1));
    EXPECT_THAT(read.damaged, ElementsAre(7));
    EXPECT_EQ(t.box->export_slice({}).value().damaged, 1U);
}

TEST(import, forgets_an_id_at_once_where_no_facts_are_kept) {
    importing t;
    t.queue.keep_delivered = milliseconds{0};
    t.reopen();
    t.import({t.foreign(500), t.foreign(501)});
    t.settle({delivered(1, t.now), delivered(2, t.now)});
    EXPECT_EQ(t.foreign_rows(), 0);
}

TEST(import, stops_where_the_queue_is_full_and_goes_on_when_repeated) {
    importing t;
    t.queue.max_events = 3;
    t.reopen();
    std::vector<pending_event> all;
    for (sequence number = 10; number < 15; ++number) {
        all.push_back(t.foreign(number));
    }
    auto report = t.import(all);
    EXPECT_TRUE(report.queue_full);
    EXPECT_EQ(report.imported, 3U);
    t.settle({delivered(1, t.now), delivered(2, t.now)});
    report = t.import(all);
    EXPECT_FALSE(report.queue_full);
    EXPECT_EQ(report.imported, 2U);
    EXPECT_EQ(report.known, 3U);
}

TEST(import, stores_nothing_of_a_group_while_the_disk_is_full) {
    importing t;
    batch work;
    work.imports.push_back({t.foreign(9)});
    const auto outcome = commit_batch(*t.box, work, {.now = t.now, .refuse_appends = true, .random = t.random});
    EXPECT_TRUE(outcome.value().imports.at(0).disk_full);
    EXPECT_THAT(t.pending(), ElementsAre());
}

}  // namespace
}  // namespace posthaste
