#include "daemon/commands/command_line.hpp"

#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "daemon/commands/standard_streams.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

std::string suggestion(const std::string& word, const std::vector<std::string>& names) {
    const auto near = closest_match(word, names);
    return near ? " (did you mean \"" + *near + "\"?)" : "";
}

std::vector<std::string> options_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* known : app.get_options())
        for (const auto& name : known->get_lnames())
            names.push_back("--" + name);
    return names;
}

std::string unknown_option_text(const CLI::App& app, const std::string& word) {
    const auto name = word.substr(0, word.find('='));
    return "there is no option " + name + suggestion(name, options_of(app));
}

std::string unknown_command_text(const CLI::App& app, const std::string& word) {
    std::vector<std::string> names;
    for (const auto* known : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(known->get_name());
    }
    return "there is no command \"" + word + "\"" + suggestion(word, names);
}

// What is on the command line and not known; "" when all is.
std::string unknown_word_text(const CLI::App& app, bool is_command) {
    auto words = app.remaining();
    if (words.empty()) return "";
    const auto option = std::ranges::find_if(words, [](const auto& word) { return word.starts_with('-'); });
    if (option != words.end()) return unknown_option_text(app, *option);
    return is_command ? "\"" + words.front() + "\" is one word too many" : unknown_command_text(app, words.front());
}

// CLI11 counts: "--config: At Most 1 required but received 2", "--config: 1 required FILE missing".
std::string miscount_text(const std::string& counted) {
    const auto name = counted.substr(0, counted.find(':'));
    static constexpr std::string_view often = "required but received ";
    static constexpr std::string_view missing = " missing";
    if (const auto at = counted.find(often); at != std::string::npos)
        return name + " is given " + counted.substr(at + often.size()) + " times, and can be given only once";
    const auto before = counted.find(" required ");
    if (before == std::string::npos || !counted.ends_with(missing)) return counted;
    const auto what = before + std::string_view(" required ").size();
    return name + " needs a value: " + counted.substr(what, counted.size() - missing.size() - what);
}

exit_code complain(const CLI::App& app, const CLI::ParseError& error) {
    const auto asked = app.get_subcommands();
    const bool is_command = !asked.empty();
    const std::string name = app.get_name() + (is_command ? " " + asked.front()->get_name() : "");
    std::string what = unknown_word_text(is_command ? *asked.front() : app, is_command);
    if (what.empty() && error.get_name() == "ArgumentMismatch") what = miscount_text(error.what());
    if (what.empty()) what = !is_command && error.get_name() == "RequiredError" ? "name a command" : error.what();
    std::cerr << name << ": " << printable(what, 1024) << "; see " << name << " --help\n";
    return exit_code::usage;
}

exit_code written() {
    if (std::cout.flush()) return exit_code::done;
    end_if_reader_left();
    std::cerr << "posthaste: the result could not be written to standard output\n";
    return exit_code::write_failed;
}

exit_code run_chosen(const command& chosen) {
    try {
        const auto outcome = chosen();
        return outcome == exit_code::done ? written() : outcome;
    } catch (const std::exception& error) {
        std::cerr << "posthaste: stopped by an unexpected error: " << printable(error.what(), 1024) << "\n";
        return exit_code::failed;
    }
}

}  // namespace

exit_code run_command_line(CLI::App& app, const command& chosen, int argc, const char* const* argv) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help_or_version) {
        app.exit(help_or_version);
        return written();
    } catch (const CLI::ParseError& error) {
        return complain(app, error);
    }
    return run_chosen(chosen);
}

}  // namespace posthaste
