#include "daemon/commands/config_options.hpp"

#include <cstdlib>
#include <iostream>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace posthaste {

namespace {

// systemd.exec(5): the variable holds the device and inode number of the stream.
bool stderr_is_journal(const std::string& stream) {
    struct stat facts{};
    if (::fstat(STDERR_FILENO, &facts) != 0) return false;
    return stream == std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino);
}

std::string key_value_fault(const std::string& text) {
    const auto equals = text.find('=');
    return equals == std::string::npos || equals == 0 ? "takes key=value, such as log.level=debug" : "";
}

config_source source_of(const config_options& options) {
    config_source source{options.file, std::nullopt, {}};
    for (const auto& set : options.sets) {
        const auto equals = set.find('=');
        source.overrides.push_back({set.substr(0, equals), set.substr(equals + 1)});
    }
    return source;
}

}  // namespace

void add_config_options(CLI::App& command, config_options& options) {
    command.add_option("--config", options.file, "The configuration file")->type_name("FILE")->capture_default_str();
    command.add_option("--set", options.sets, "Set one key, whatever the file says: log.level=debug (repeatable)")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false)
        ->check(key_value_fault);
}

result<settings, config_problems> load_settings(const config_options& options) {
    return load_settings(source_of(options), process_environment());
}

partial_settings load_in_part(const config_options& options) {
    return load_in_part(source_of(options), process_environment());
}

result<settings, exit_code> or_complain(result<settings, config_problems> loaded) {
    if (loaded) return *std::move(loaded);
    // Nothing is logged yet: the journal is told here that these are errors (sd-daemon(3)).
    const char* priority = process_environment()("JOURNAL_STREAM") ? "<3>" : "";
    for (const auto& problem : loaded.error()) {
        std::cerr << priority << problem.text << "\n";
    }
    return exit_code::usage;
}

result<settings, exit_code> load_settings_or_complain(const config_options& options) {
    return or_complain(load_settings(options));
}

environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (!value || (name == "JOURNAL_STREAM" && !stderr_is_journal(value))) return std::nullopt;
        return value;
    };
}

}  // namespace posthaste
