#include "daemon/commands/command_line.hpp"

#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

std::string unknown_word_text(const CLI::App& app, const std::string& word) {
    if (word.starts_with('-')) return "there is no option " + word;
    std::vector<std::string> names;
    for (const auto* known : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(known->get_name());
    }
    const auto near = closest_match(word, names);
    return "there is no command \"" + word + "\"" + (near ? " (did you mean \"" + *near + "\"?)" : "");
}

exit_code complain(const CLI::App& app, const CLI::ParseError& error) {
    std::string name = app.get_name();
    std::string what = error.what();
    if (const auto asked = app.get_subcommands(); !asked.empty()) {
        name += " " + asked.front()->get_name();
    } else if (const auto unknown = app.remaining(); !unknown.empty()) {
        what = unknown_word_text(app, unknown.front());
    }
    std::cerr << name << ": " << printable(what, 1024) << "; see " << name << " --help\n";
    return exit_code::usage;
}

exit_code run_chosen(const command& chosen) {
    try {
        const auto outcome = chosen();
        if (std::cout.flush() || outcome != exit_code::done) return outcome;
        std::cerr << "posthaste: the result could not be written to standard output\n";
        return exit_code::write_failed;
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
        return exit_code::done;
    } catch (const CLI::ParseError& error) {
        return complain(app, error);
    }
    return run_chosen(chosen);
}

}  // namespace posthaste
