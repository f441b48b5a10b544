#include "lib/base/uuid.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

const wall_time some_time{milliseconds{0x0123456789AB}};

TEST(event_id, has_the_layout_of_uuid_version_7) {
    const uuid id = make_event_id(some_time, 1, 0);
    EXPECT_EQ(to_string(id), "01234567-89ab-7000-8000-000000040000");
    const uuid full = make_event_id(some_time, max_sequence, ~std::uint64_t{0});
    EXPECT_EQ(to_string(full), "01234567-89ab-7fff-bfff-ffffffffffff");
}

TEST(event_id, carries_the_events_number) {
    for (const sequence number : {sequence{0}, sequence{1}, sequence{10'000'000}, max_sequence - 1, max_sequence}) {
        for (const std::uint64_t random : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{0x123456789ABCDEF}}) {
            EXPECT_EQ(sequence_of(make_event_id(some_time, number, random)), number);
        }
    }
}

TEST(event_id, is_ordered_by_time_and_then_differs_by_chance) {
    EXPECT_LT(make_event_id(some_time, 9, 0), make_event_id(some_time + milliseconds{1}, 1, 0));
    EXPECT_NE(make_event_id(some_time, 1, 1), make_event_id(some_time, 1, 2));
    EXPECT_NE(make_event_id(some_time, 1, 1 << 12), make_event_id(some_time, 1, 1 << 13));
}

TEST(event_id, has_no_more_than_44_bits_for_the_number) {
    EXPECT_DEATH((void)make_event_id(some_time, max_sequence + 1, 0), "44 bits");
}

TEST(uuid, is_read_back_as_it_was_written) {
    const uuid id = make_event_id(some_time, 123456789, 0xFEDCBA9876543210);
    EXPECT_EQ(parse_uuid(to_string(id)), id);
    EXPECT_EQ(parse_uuid("01234567-89AB-7FFF-BFFF-FFFFFFFFFFFF"), parse_uuid("01234567-89ab-7fff-bfff-ffffffffffff"));
}

TEST(uuid, refuses_what_is_none) {
    for (const char* text : {"", "0123456789ab7fffbfffffffffffffff", "01234567-89ab-7fff-bfff-fffffffffff",
                             "01234567-89ab-7fff-bfff-fffffffffffff", "01234567-89ab-7fff-bfff-ffffffffffg0",
                             "01234567089ab-7fff-bfff-ffffffffffff", "0123456-789ab-7fff-bfff-ffffffffffff",
                             "{1234567-89ab-7fff-bfff-fffffffffff}"}) {
        EXPECT_EQ(parse_uuid(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace posthaste
