#include "lib/event/batch_reader.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste {
namespace {

using form = event_splitter::form;

std::vector<std::string> pieces(std::string_view text, form how) {
    std::vector<std::string> found;
    event_splitter splitter(text, how);
    while (const auto piece = splitter.next())
        found.emplace_back(piece->text);
    if (splitter.wrong()) found.push_back("!" + std::to_string(splitter.wrong()->offset));
    return found;
}

TEST(event_splitter, gives_the_elements_of_an_array_as_they_stand) {
    using testing::ElementsAre;
    EXPECT_THAT(pieces(R"( [ {"a": [1, 2]} ,{"b":"],\"}"}])", form::array),
                ElementsAre(R"({"a": [1, 2]})", R"({"b":"],\"}"})"));
    EXPECT_THAT(pieces("[]", form::array), ElementsAre());
    EXPECT_THAT(pieces("[1]\n", form::array), ElementsAre("1"));
}

TEST(event_splitter, tells_where_an_array_is_wrong) {
    using testing::ElementsAre;
    EXPECT_THAT(pieces("", form::array), ElementsAre("!0"));
    EXPECT_THAT(pieces(R"({"a": 1})", form::array), ElementsAre("!0"));
    EXPECT_THAT(pieces("[1,]", form::array), ElementsAre("1", "!3"));
    EXPECT_THAT(pieces("[,1]", form::array), ElementsAre("!1"));
    EXPECT_THAT(pieces("[1", form::array), ElementsAre("1", "!2"));
    EXPECT_THAT(pieces("[1}", form::array), ElementsAre("1", "!2"));
    EXPECT_THAT(pieces("[1] x", form::array), ElementsAre("1", "!4"));
    EXPECT_THAT(pieces("[", form::array), ElementsAre("!1"));
    EXPECT_THAT(pieces(R"([{"a": 1)", form::array), ElementsAre(R"({"a": 1)", "!8"));
}

TEST(event_splitter, gives_a_line_an_event_and_forgives_the_last_empty_one) {
    using testing::ElementsAre;
    EXPECT_THAT(pieces("{}\n{ }\n", form::lines), ElementsAre("{}", "{ }"));
    EXPECT_THAT(pieces("{}\n{ }", form::lines), ElementsAre("{}", "{ }"));
    EXPECT_THAT(pieces("{}\n\n{ }\n", form::lines), ElementsAre("{}", "!3"));
    EXPECT_THAT(pieces("", form::lines), ElementsAre());
}

TEST(event_splitter, gives_a_line_without_the_space_around_it) {
    using testing::ElementsAre;
    EXPECT_THAT(pieces("{}\r\n \t{ \t} \t\r\n\r\n", form::lines), ElementsAre("{}", "{ \t}"));
    event_splitter splitter("{}\r\n  []", form::lines);
    ASSERT_TRUE(splitter.next());
    EXPECT_EQ(splitter.next()->offset, 6U);
}

struct reading {
    std::size_t event_bytes = 1000;
    event_catalog catalog;
    std::string text;
    std::optional<batch_reader> reader;

    batch_reader& read(std::string given, form how = form::array, std::size_t most = 10, std::size_t slice = 1) {
        text = std::move(given);
        reader.emplace(text, how, catalog, batch_reader::bounds{most, event_bytes});
        while (reader->read_on(slice)) {
        }
        return *reader;
    }
};

std::string event_of(const std::string& user) {
    return R"({"event": "e", "userId": ")" + user + R"(", "data": {"n": -0}})";
}

TEST(batch_reader, gives_each_event_with_its_bytes) {
    reading t;
    auto& read = t.read("[" + event_of("a") + ", " + event_of("b") + "]");
    ASSERT_FALSE(read.fault());
    ASSERT_EQ(read.elements().size(), 2U);
    EXPECT_EQ(read.elements()[1].read.user_id, "b");
    EXPECT_EQ(read.elements()[1].body, event_of("b"));
}

TEST(batch_reader, tells_everything_that_is_wrong_with_the_index_before_it) {
    reading t;
    auto& read = t.read("[" + event_of("a") + R"(, {"event": "e", "userId": null, "data": 1}, 7])");
    ASSERT_TRUE(read.fault());
    EXPECT_EQ(read.fault()->what, envelope_fault::kind::invalid_event);
    std::vector<std::string> pointers;
    for (const auto& error : read.fault()->errors)
        pointers.push_back(error.pointer);
    EXPECT_THAT(pointers, testing::ElementsAre("/1/userId", "/1/data", "/2"));
    EXPECT_THAT(read.fault()->detail, testing::HasSubstr("event 1 of the batch"));
}

TEST(batch_reader, names_the_place_of_malformed_json_in_the_whole) {
    reading t;
    auto& read = t.read(event_of("a") + "\n{\"event\": x}\n", form::lines);
    ASSERT_TRUE(read.fault());
    EXPECT_EQ(read.fault()->what, envelope_fault::kind::malformed_json);
    EXPECT_EQ(read.fault()->line, 2U);
    EXPECT_EQ(read.fault()->column, 11U);
    EXPECT_EQ(read.fault()->offset, event_of("a").size() + 1 + 10);
}

TEST(batch_reader, refuses_an_empty_batch_and_one_with_too_many) {
    reading t;
    EXPECT_EQ(t.read("[]").fault()->what, envelope_fault::kind::invalid_event);
    EXPECT_EQ(t.read("", form::lines).fault()->what, envelope_fault::kind::invalid_event);
    EXPECT_FALSE(t.read("[" + event_of("a") + "," + event_of("b") + "]", form::array, 2).too_many());
    EXPECT_TRUE(t.read("[" + event_of("a") + "," + event_of("b") + "]", form::array, 1).too_many());
}

TEST(batch_reader, gives_up_after_a_hundred_errors) {
    reading t;
    std::string many = "[1";
    for (int n = 0; n < 200; ++n)
        many += ",1";
    auto& read = t.read(many + "]", form::array, 1000);
    ASSERT_TRUE(read.fault());
    EXPECT_EQ(read.fault()->errors.size(), batch_reader::most_errors);
    EXPECT_THAT(read.fault()->detail, testing::HasSubstr("at least 100 errors in all, of which 100 are listed"));
}

TEST(batch_reader, does_not_speak_of_more_errors_where_it_read_to_the_end) {
    reading t;
    EXPECT_THAT(t.read("[1, 2]").fault()->detail, testing::Not(testing::HasSubstr("in all")));
}

TEST(batch_reader, takes_json_that_is_no_array_for_well_formed_and_no_batch) {
    reading t;
    for (const std::string& text : {std::string("{}"), std::string(" null\n"), std::string("7"), event_of("a")}) {
        auto& read = t.read(text);
        ASSERT_TRUE(read.fault());
        EXPECT_EQ(read.fault()->what, envelope_fault::kind::invalid_event) << text;
        EXPECT_THAT(read.fault()->detail, testing::HasSubstr("array"));
        EXPECT_THAT(read.fault()->detail, testing::HasSubstr("application/x-ndjson"));
        ASSERT_EQ(read.fault()->errors.size(), 1U);
        EXPECT_EQ(read.fault()->errors.front().pointer, "");
    }
    for (const std::string& text : {std::string(), std::string("{"), event_of("a") + "\n" + event_of("b"),
                                    std::string(R"({"a": 1, "a": 2})"), std::string("{}\0", 3)})
        EXPECT_EQ(t.read(text).fault()->what, envelope_fault::kind::malformed_json) << text;
}

TEST(batch_reader, reads_no_event_over_the_bound_of_one) {
    reading t;
    t.event_bytes = event_of("ab").size();
    EXPECT_FALSE(t.read("[" + event_of("ab") + "]").too_large());
    auto& read = t.read("[" + event_of("a") + "," + event_of("abc") + "," + event_of("a") + "]");
    EXPECT_EQ(read.too_large(), 1U);
    EXPECT_FALSE(read.fault());
    EXPECT_EQ(t.read(event_of("abc") + "\n", form::lines).too_large(), 0U);
}

TEST(batch_reader, does_not_read_a_long_text_whole_that_begins_as_no_array) {
    reading t;
    const std::string text = '"' + std::string(128 * 1024, 'x') + '"';
    EXPECT_EQ(t.read(text).fault()->what, envelope_fault::kind::malformed_json);
    EXPECT_EQ(t.read(text).fault()->offset, 0U);
    for (const char* end : {"}", ""})
        EXPECT_EQ(t.read("\n{\"a\": " + text + end).fault()->what, envelope_fault::kind::invalid_event) << "not read";
}

}  // namespace
}  // namespace posthaste
