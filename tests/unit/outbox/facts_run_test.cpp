#include "lib/outbox/facts_run.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

const wall_time noon{milliseconds{1'795'739'027'805}};

delivered_fact fact(sequence number, std::string_view user_id, std::string_view name) {
    return {.id = make_event_id(noon, number, 7),
            .received_at = noon,
            .delivered_at = noon + seconds{static_cast<int>(number)},
            .attempts = static_cast<std::uint32_t>(number) + 1,
            .status = 200 + static_cast<std::int32_t>(number),
            .user_id = user_id,
            .name = name};
}

TEST(facts_run, gives_back_what_went_into_it) {
    const delivered_fact facts[] = {fact(41, "10101010101010", "Ticket Created"), fact(42, "", "x"),
                                    fact(43, std::string_view{"\0\xff", 2}, "")};
    facts_run run;
    for (sequence number = 41; const auto& one : facts) {
        ASSERT_TRUE(run.takes(number));
        run.add(number++, one);
    }
    EXPECT_EQ(run.first(), 41U);
    EXPECT_EQ(run.events(), 3U);
    EXPECT_EQ(run.latest(), noon + seconds{43});
    const auto read = unpack_facts(run.packed(), 3);
    ASSERT_TRUE(read);
    for (std::size_t at = 0; at < 3; ++at) {
        EXPECT_EQ((*read)[at].id, facts[at].id);
        EXPECT_EQ((*read)[at].received_at, facts[at].received_at);
        EXPECT_EQ((*read)[at].delivered_at, facts[at].delivered_at);
        EXPECT_EQ((*read)[at].attempts, facts[at].attempts);
        EXPECT_EQ((*read)[at].status, facts[at].status);
        EXPECT_EQ((*read)[at].user_id, facts[at].user_id);
        EXPECT_EQ((*read)[at].name, facts[at].name);
    }
}

TEST(facts_run, takes_only_the_number_that_comes_next_and_so_many) {
    facts_run run;
    EXPECT_TRUE(run.takes(9));
    run.add(9, fact(9, "1", "x"));
    EXPECT_FALSE(run.takes(8));
    EXPECT_FALSE(run.takes(9));
    EXPECT_FALSE(run.takes(11));
    for (sequence number = 10; number < 9 + facts_run::most_events; ++number) {
        ASSERT_TRUE(run.takes(number));
        run.add(number, fact(number, "1", "x"));
    }
    EXPECT_FALSE(run.takes(9 + facts_run::most_events));
}

TEST(facts_run, takes_no_more_once_it_is_large) {
    facts_run run;
    run.add(1, fact(1, std::string(100'000, 'u'), "x"));
    EXPECT_FALSE(run.takes(2));
}

TEST(facts_run, is_not_read_where_it_holds_less_or_more_than_it_should) {
    facts_run run;
    for (sequence number = 1; number <= 3; ++number) {
        run.add(number, fact(number, "user", "name"));
    }
    const std::string_view whole = run.packed();
    EXPECT_TRUE(unpack_facts(whole, 3));
    EXPECT_FALSE(unpack_facts(whole, 2));
    EXPECT_FALSE(unpack_facts(whole, 4));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(unpack_facts(whole.substr(0, size), 3)) << size;
    }
}

TEST(facts_run, has_a_checksum_of_its_place_and_every_byte) {
    facts_run run;
    run.add(5, fact(5, "user", "name"));
    const auto sum = facts_checksum(5, run.packed());
    EXPECT_NE(facts_checksum(6, run.packed()), sum);
    for (std::size_t at = 0; at < run.packed().size(); ++at) {
        auto changed = run.packed();
        changed[at] = static_cast<char>(changed[at] ^ 1);
        EXPECT_NE(facts_checksum(5, changed), sum) << at;
    }
}

// The layout is what files hold.
TEST(facts_run, is_laid_out_as_it_says) {
    facts_run run;
    run.add(1, {.id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
                .received_at = wall_time{milliseconds{0x0102030405}},
                .delivered_at = wall_time{milliseconds{0x0102030406}},
                .attempts = 3,
                .status = 0x0204,
                .user_id = "u",
                .name = "na"});
    using namespace std::string_literals;
    EXPECT_EQ(run.packed(),
              "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10"
              "\5\4\3\2\1\0\0\0"
              "\6\4\3\2\1\0\0\0"
              "\3\0\0\0"
              "\4\2\0\0"
              "\1\0\0\0"
              "\2\0\0\0"
              "una"s);
}

}  // namespace
}  // namespace posthaste
