// What is logged of events that do not fit their schema and are taken all the same.

#include "lib/event/schema_warnings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/event/schema_checker.hpp"

namespace posthaste {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

envelope mismatched(const std::string& event, std::size_t errors = 1) {
    envelope what{event, "user"};
    for (std::size_t n = 0; n < errors; ++n)
        what.mismatch.push_back({"/data/" + std::to_string(n), "is missing (expected a string)"});
    return what;
}

constexpr steady_time start{std::chrono::hours{1}};

TEST(schema_warning, names_the_event_the_places_and_what_was_expected) {
    schema_warnings warnings;
    EXPECT_EQ(
        warnings.note(mismatched("Ticket Created", 2), start),
        "data that was posted for \"Ticket Created\" does not fit its schema, which does not stop it as "
        "\"schemas\" is \"warn\": /data/0 is missing (expected a string); /data/1 is missing (expected a string)");
    EXPECT_THAT(*warnings.note(mismatched("\x1b[2J"), start), HasSubstr("\"\\x1b[2J\""));
}

TEST(schema_warning, says_that_there_may_be_more_than_are_kept) {
    schema_warnings warnings;
    EXPECT_THAT(*warnings.note(mismatched("all", schema_checker::most_warnings), start),
                EndsWith("; and perhaps more"));
    EXPECT_THAT(*warnings.note(mismatched("less", schema_checker::most_warnings - 1), start), Not(HasSubstr("more")));
}

TEST(schema_warning, comes_once_a_minute_for_each_event_and_counts_the_others) {
    schema_warnings warnings;
    EXPECT_TRUE(warnings.note(mismatched("a"), start));
    EXPECT_FALSE(warnings.note(mismatched("a"), start));
    EXPECT_FALSE(warnings.note(mismatched("a"), start + seconds{59}));
    EXPECT_TRUE(warnings.note(mismatched("b"), start + seconds{59})) << "another event has a minute of its own";
    EXPECT_THAT(*warnings.note(mismatched("a"), start + seconds{60}),
                EndsWith(" (2 more such events since the last such line)"));
    EXPECT_THAT(*warnings.note(mismatched("a"), start + seconds{120}), Not(HasSubstr("more such events")));
}

TEST(schema_warning, tells_how_many_were_held_back_though_none_comes_later) {
    schema_warnings warnings;
    EXPECT_TRUE(warnings.note(mismatched("a"), start));
    EXPECT_EQ(warnings.due(), std::nullopt);
    EXPECT_FALSE(warnings.note(mismatched("a"), start + seconds{1}));
    EXPECT_FALSE(warnings.note(mismatched("a"), start + seconds{2}));
    EXPECT_TRUE(warnings.note(mismatched("b"), start + seconds{3}));
    EXPECT_FALSE(warnings.note(mismatched("b"), start + seconds{4}));
    EXPECT_EQ(warnings.due(), start + seconds{60});
    EXPECT_THAT(warnings.held_back(start + seconds{60}),
                testing::ElementsAre("2 more events that were posted for \"a\" did not fit its schema since the last "
                                     "such line"));
    EXPECT_EQ(warnings.due(), start + seconds{63});
    EXPECT_THAT(warnings.held_back(start + seconds{60}), testing::IsEmpty());
}

}  // namespace
}  // namespace posthaste
