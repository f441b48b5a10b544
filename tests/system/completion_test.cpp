// The bash completion knows what the command line takes: held against each --help, so that neither drifts away.

#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"

namespace posthaste {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

using words = std::set<std::string>;

std::string help(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), posthaste_binary());
    arguments.emplace_back("--help");
    return run_to_end({std::move(arguments), {}, {}, {}}).output;
}

words all_of(const std::string& text, const std::regex& pattern) {
    words found;
    for (std::sregex_iterator each(text.begin(), text.end(), pattern), end; each != end; ++each)
        found.insert((*each)[1]);
    return found;
}

words options_of(const std::string& text) {
    return all_of(text, std::regex("\n  (?:-h,)?(--[a-z-]+)"));
}

// What is offered for the last of these words.
words completed(const std::vector<std::string>& line, const temp_folder& folder) {
    std::vector<std::string> command = {"/bin/bash", "-c",
                                        "PATH=; source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
                                        "_posthaste; printf '%s\\n' \"${COMPREPLY[@]}\"",
                                        POSTHASTE_SOURCE_DIR "/config/posthaste.bash-completion", "posthaste"};
    command.insert(command.end(), line.begin(), line.end());
    const auto ended = run_to_end({std::move(command), {}, folder.path(), {}});
    EXPECT_EQ(ended.error, "");
    return all_of(ended.output, std::regex("([^\n]+)\n"));
}

TEST(bash_completion, knows_every_command_and_option) {
    const temp_folder folder;
    const std::string whole = help({});
    const auto commands = all_of(whole.substr(whole.find("\nSubcommands:\n")), std::regex("\n  ([a-z]+) "));
    ASSERT_THAT(commands, Contains("run"));
    words first = options_of(whole);
    first.insert(commands.begin(), commands.end());
    EXPECT_EQ(completed({""}, folder), first);
    for (const auto& command : commands)
        EXPECT_EQ(completed({command, "-"}, folder), options_of(help({command}))) << command;
}

TEST(bash_completion, knows_which_options_take_a_value) {
    const temp_folder folder;
    const std::string whole = help({});
    for (const auto& command : all_of(whole.substr(whole.find("\nSubcommands:\n")), std::regex("\n  ([a-z]+) "))) {
        const std::string text = help({command});
        const auto with_value = all_of(text, std::regex("\n  (--[a-z-]+) [A-Z]"));
        for (const auto& option : options_of(text)) {
            SCOPED_TRACE(command + " " + option);
            // Behind an option that takes a value no option is offered, and behind a flag one is.
            const auto offered = completed({command, option, "--"}, folder);
            EXPECT_EQ(offered.contains("--help"), !with_value.contains(option));
        }
    }
}

TEST(bash_completion, offers_values_and_files) {
    const temp_folder folder;
    folder.write("a file.json", "");
    EXPECT_THAT(completed({"events", "--state", "d"}, folder), ElementsAre("dead", "delivered"));
    EXPECT_THAT(completed({"events", "--state", "=", "p"}, folder), ElementsAre("pending"));
    EXPECT_THAT(completed({"discard", "--dead", "--reason", ""}, folder),
                ElementsAre("damaged", "expired", "rejected"));
    EXPECT_THAT(completed({"run", "--config", "a"}, folder), ElementsAre("a file.json"));
    EXPECT_THAT(completed({"import", ""}, folder), ElementsAre("a file.json"));
    EXPECT_THAT(completed({"dr"}, folder), ElementsAre("drain"));
    EXPECT_THAT(completed({"show", ""}, folder), ElementsAre());
}

}  // namespace
}  // namespace posthaste
