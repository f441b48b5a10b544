// Events and their schemas, in the file and in events_dir.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/config/support.hpp"

namespace posthaste {
namespace {

using test::loaded;
using test::problems_of;
using test::scratch_folder;
using test::with_url;
using testing::ElementsAre;
using testing::StartsWith;

std::vector<config_override> dir(const scratch_folder& folder) {
    return {{"events_dir", folder.path()}};
}

std::vector<std::string> names_of(const settings& all) {
    std::vector<std::string> names;
    for (const auto& [name, schema] : all.events.schemas) {
        names.push_back(name);
    }
    return names;
}

TEST(events, have_schemas) {
    const auto all = loaded(with_url(R"("events": {"Ticket Created": {"ticketName": "String", "tags?": ["String"]}})"));
    const auto* schema = all.events.find("Ticket Created");
    ASSERT_NE(schema, nullptr);
    EXPECT_EQ(schema->fields.size(), 2u);
}

TEST(events, tell_each_broken_schema_with_its_path) {
    EXPECT_THAT(
        problems_of(with_url("\"events\": {\n\"Ticket Created\": {\"ticketName\": \"Strin\", \"owner\": {\"e-mail\": "
                             "7}},\n\"Simple\": {\"x\": \"Nope\"}, \"Odd\": []}")),
        ElementsAre(StartsWith("posthaste.json:2:34: events[\"Ticket Created\"].ticketName: "),
                    StartsWith("posthaste.json:2:63: events[\"Ticket Created\"].owner[\"e-mail\"]: "),
                    StartsWith("posthaste.json:3:17: events.Simple.x: "),
                    "posthaste.json:3:33: events.Odd: expected a schema: an object such as {\"ticketName\": "
                    "\"String\"}, found an array"));
}

TEST(events, have_names_of_their_own_length) {
    EXPECT_THAT(problems_of(with_url("\"events\": {\"\": {}}")),
                ElementsAre("posthaste.json:1:61: events[\"\"]: an event's name cannot be empty"));
    EXPECT_THAT(problems_of(with_url("\"events\": {\"" + std::string(257, 'x') + "\": {}}")),
                ElementsAre(testing::EndsWith("an event's name is at most 256 bytes")));
}

TEST(events_dir, adds_events) {
    const scratch_folder folder;
    folder.write("b.json", R"({"event": "B", "schema": {"x": "String"}})");
    folder.write("a.json", R"({"event": "A", "schema": {}} // fine)");
    folder.write(".a.json.swp", "editor's");
    folder.write(".hidden.json", "editor's");
    folder.write("README.md", "not an event");
    EXPECT_THAT(names_of(loaded(with_url(R"("events": {"C": {}})"), dir(folder))), ElementsAre("A", "B", "C"));
}

TEST(events_dir, tells_every_fault_of_every_file) {
    const scratch_folder folder;
    const auto a = folder.write("a.json", "[]");
    const auto b = folder.write("b.json", "{\"event\": 5, \"schema\": {\"x\": \"Nope\"}}");
    const auto c = folder.write("c.json", "{\"evnt\": \"C\"}");
    const auto d = folder.write("d.json", "{");
    const auto e = folder.write("e.json", "{\"event\": \"\", \"schema\": 1}");
    EXPECT_THAT(
        problems_of(with_url(""
                             R"("limits": {})"),
                    dir(folder)),
        ElementsAre(a + ":1:1: expected {\"event\": \"NAME\", \"schema\": {…}}, found an array",
                    b + ":1:11: event: expected the event's name, a string, found 5",
                    StartsWith(b + ":1:30: schema.x: "), c + ":1:1: event: is missing: the event's name, a string",
                    c + ":1:1: schema: is missing: the schema of the event's data, an object",
                    c + ":1:2: evnt: unknown key (did you mean \"event\"?)", StartsWith(d + ":1:2: "),
                    e + ":1:11: event: an event's name cannot be empty",
                    e + ":1:25: schema: expected a schema: an object such as {\"ticketName\": \"String\"}, found 1"));
}

TEST(events_dir, names_both_places_of_an_event_that_is_there_twice) {
    const scratch_folder folder;
    const auto a = folder.write("a.json", R"({"event": "A", "schema": {}})");
    const auto b = folder.write("b.json", R"({"event": "A", "schema": {}})");
    EXPECT_THAT(problems_of(with_url(R"("limits": {})"), dir(folder)),
                ElementsAre(b + ":1:11: event: \"A\" is already defined at " + a + ":1:11"));
    EXPECT_THAT(problems_of(with_url(R"("events": {"A": {}})"), dir(folder)),
                ElementsAre(a + ":1:11: event: \"A\" is already defined at posthaste.json:1:61",
                            b + ":1:11: event: \"A\" is already defined at posthaste.json:1:61"));
}

TEST(events_dir, passes_over_nothing_that_should_be_a_file) {
    const scratch_folder folder;
    folder.write("whole.json", R"({"event": "A", "schema": {}})");
    const auto in = [&folder](const std::string& name) { return folder.path() + "/" + name; };
    std::filesystem::create_symlink("whole.json", in("to-whole"));
    EXPECT_THAT(names_of(loaded(with_url(R"("limits": {})"), dir(folder))), ElementsAre("A"));
    std::filesystem::create_symlink("gone", in("dangling.json"));
    std::filesystem::create_directory(in("folder.json"));
    std::filesystem::create_directory_symlink("folder.json", in("link.json"));
    std::filesystem::create_symlink("loop.json", in("loop.json"));
    ASSERT_EQ(::mkfifo(in("pipe.json").c_str(), 0600), 0);
    const std::string no_file = " no regular file: only files with schemas may have names on .json here";
    EXPECT_THAT(
        problems_of(with_url(R"("limits": {})"), dir(folder)),
        ElementsAre(in("dangling.json") + ": is a symbolic link to a file that is not there: mend it or remove it",
                    in("folder.json") + ": is" + no_file, in("link.json") + ": leads to" + no_file,
                    in("loop.json") + ": cannot be read: Too many levels of symbolic links",
                    in("pipe.json") + ": is" + no_file));
}

TEST(events_dir, must_be_there) {
    EXPECT_THAT(problems_of(with_url(R"("events_dir": "/nonexistent")")),
                ElementsAre("posthaste.json:1:64: events_dir: /nonexistent cannot be read: No such file or directory"));
}

}  // namespace
}  // namespace posthaste
