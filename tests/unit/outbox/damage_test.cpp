#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "tests/unit/outbox/damaged_file.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class damaged_row : public testing::TestWithParam<const char*> {};

TEST_P(damaged_row, is_told_apart_found_and_buried_and_never_handed_out) {
    temporary_outbox t;
    const auto stored = t.append(3);
    t.park({{"1", 2}});
    t.box.reset();
    alter(t.queue.path, std::string("UPDATE events SET ") + GetParam() + " WHERE seq = 2");
    t.open();
    const auto got = t.read();
    EXPECT_THAT(numbers_of(got.events), ElementsAre(1, 3));
    EXPECT_THAT(got.damaged, ElementsAre(2));
    EXPECT_EQ(got.last, 3U);
    const auto lane = t.take({.user_id = "1", .below = 9});
    EXPECT_THAT(lane.events, IsEmpty());
    EXPECT_THAT(lane.damaged, ElementsAre(2));
    static_cast<void>(t.find(stored[1].id));  // found or not, it must not end the process
    EXPECT_EQ(t.settle({dead(2, t.now, death_reason::damaged)}), 0U);
    static_cast<void>(t.find(stored[1].id));
    EXPECT_THAT(t.pending(), ElementsAre(1, 3));
    EXPECT_EQ(t.box->totals().dead, 1U);
    EXPECT_TRUE(closes(t.box->totals()));
}

INSTANTIATE_TEST_SUITE_P(columns, damaged_row,
                         testing::Values("body = x'7b7d'", "body = CAST(replace(body, 'Ticket', 'Tickes') AS BLOB)",
                                         "user_id = '2'", "name = 'Ticket Closed'", "path = '/run/evenT'",
                                         "api_version = ''", "traceparent = tracestate, tracestate = traceparent",
                                         "id = x'00'", "id = zeroblob(16)", "crc = crc + 1", "bytes = bytes - 1",
                                         "bytes = 9223372036854775807"));

TEST(damaged_number, is_told_by_the_id_and_buried_under_the_number_that_it_has_now) {
    temporary_outbox t;
    t.append(4);
    EXPECT_EQ(t.settle({delivered(3, t.now)}), 0U);
    t.box.reset();
    alter(t.queue.path, "UPDATE events SET seq = 3 WHERE seq = 2");
    t.open();
    EXPECT_THAT(numbers_of(t.read().events), ElementsAre(1, 4));
    EXPECT_THAT(t.read().damaged, ElementsAre(3));
    EXPECT_EQ(t.settle({dead(3, t.now, death_reason::damaged)}), 0U);
    EXPECT_THAT(t.pending(), ElementsAre(1, 4));
    EXPECT_TRUE(closes(t.box->totals()));
}

// Burying the number that the key now shows would kill the sound event that really has it.
TEST(damaged_number, out_of_order_is_damage_of_the_file) {
    temporary_outbox t;
    t.append(3);
    ASSERT_TRUE(t.box->checkpoint_whole());
    t.box.reset();
    std::fstream file(t.queue.path, std::ios::in | std::ios::out | std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    const std::string key{"\x02\x0d\x00", 3};  // the row's number, its head's size, and `seq`, which is not stored
    const auto at = content.find(key);
    ASSERT_NE(at, std::string::npos);
    ASSERT_EQ(content.find(key, at + 1), std::string::npos);
    file.seekp(static_cast<std::streamoff>(at)).put('\x01');
    file.close();
    t.open();
    ASSERT_TRUE(t.box->begin());
    const auto got = t.box->read_page({});
    ASSERT_FALSE(got);
    EXPECT_TRUE(got.error().is_damage());
}

// SQLite gives it among those that were asked for.
TEST(damaged_number, that_is_none_of_those_settled_gets_no_facts_of_theirs) {
    damaged_file t;
    t.fill(100, 100);
    t.close_whole();
    const auto [leaf, numbers] = t.leaves_of("events").at(1);
    ASSERT_LT(numbers.back(), 128) << "a number of one byte";
    const std::size_t page = (leaf.page - 1) * damaged_file::page_size;
    const auto bytes = bytes_of(t.queue.path).substr(page, damaged_file::page_size);
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes.at(at)); };
    const std::size_t third = byte(12) * 256U + byte(13);  // behind the head of 8 bytes, 2 for the place of each row
    ASSERT_EQ(byte(third + 2), numbers.at(2)) << "behind its size";
    overwrite(t.queue.path, page + third + 2, "\1");
    t.open();
    std::vector<settlement> all;
    for (const auto number : numbers) {
        all.push_back(delivered(static_cast<sequence>(number), t.now));
    }
    t.settle(all);
    EXPECT_TRUE(closes(t.box->totals()));
    EXPECT_EQ(t.find(t.stored.at(1).id)->state, event_state::pending);
    EXPECT_EQ(t.find(t.stored.at(static_cast<sequence>(numbers.at(1))).id)->state, event_state::delivered);
}

// It can be found in order, and not by its number.
TEST(damaged_number, of_what_is_to_be_forgotten_does_not_stay_due_for_ever) {
    damaged_file t;
    t.queue.keep_delivered = seconds{60};
    t.reopen();
    t.fill(5);
    t.settle({delivered(1, t.now), delivered(3, t.now), delivered(5, t.now)});
    t.close_whole();
    const std::size_t page = (t.root_of("delivered_runs") - 1) * damaged_file::page_size;
    const auto bytes = bytes_of(t.queue.path).substr(page, damaged_file::page_size);
    const std::size_t first = static_cast<unsigned char>(bytes.at(8)) * 256U + static_cast<unsigned char>(bytes.at(9));
    ASSERT_EQ(bytes.at(first + 1), 1) << "behind its size";
    overwrite(t.queue.path, page + first + 1, "\4");
    t.open();
    t.now += seconds{61};
    ASSERT_TRUE(t.box->begin());
    const auto trimmed = t.box->trim(t.now);
    ASSERT_FALSE(trimmed);
    EXPECT_TRUE(trimmed.error().is_damage());
}

TEST(damaged_time, is_told_apart_as_it_could_not_be_kept_with_the_facts) {
    temporary_outbox t;
    t.append(2);
    t.box.reset();
    alter(t.queue.path,
          "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = "
          "'events'; PRAGMA writable_schema = RESET; UPDATE events SET received_at = 'sixbyt' WHERE seq = 1");
    t.open();
    EXPECT_THAT(t.read().damaged, ElementsAre(1));
    EXPECT_EQ(t.settle({dead(1, t.now, death_reason::damaged)}), 0U);
    EXPECT_TRUE(closes(t.box->totals()));
}

TEST(damaged_types, are_told_apart_and_buried_too) {
    temporary_outbox t;
    t.append(2);
    t.box.reset();
    alter(
        t.queue.path,
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT', ''), ' NOT NULL', "
        "'') WHERE name = 'events'; PRAGMA writable_schema = RESET; "
        "UPDATE events SET user_id = x'ff00', name = NULL, body = 5, bytes = 'many', id = NULL, received_at = 'now' "
        "WHERE seq = 1");
    t.open();
    EXPECT_THAT(t.read().damaged, ElementsAre(1));
    EXPECT_EQ(t.settle({dead(1, t.now, death_reason::damaged), delivered(2, t.now)}), 0U);
    EXPECT_TRUE(closes(t.box->totals()));
}

}  // namespace
}  // namespace posthaste
