// Loads the configuration file (JSON with comments), fills in defaults, and finds every problem at once.
//
// Reads files (the configuration, events_dir, the keys, whether the certificates are there) but nothing else: the
// environment is handed in. A problem reads "posthaste.json:14:7: upstream.response_timout: unknown key (did you mean
// "response_timeout"?)". A secret's file that every user of the host can read (mode & 007) is a problem, except under
// $CREDENTIALS_DIRECTORY.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// One line for a person: file, line and column where there are any, the key's path, what was expected.
struct config_problem {
    std::string text;
};

using config_problems = std::vector<config_problem>;
using environment = std::function<std::optional<std::string>(const std::string& name)>;

// `--set key=value`: a dotted path and a JSON value ("log.level=\"debug\"") or a bare word taken as a string.
struct config_override {
    std::string path;
    std::string value;
};

struct config_source {
    std::string file;  // read when `text` is empty; also the name in messages
    std::optional<std::string> text;
    std::vector<config_override> overrides;
};

[[nodiscard]] result<settings, config_problems> load_settings(const config_source& source, const environment& env);

// What can be judged though the whole cannot be used.
struct partial_settings {
    config_problems problems;                   // empty: there are none
    std::optional<queue_settings> queue;        // where its path could be read
    std::optional<upstream_settings> upstream;  // where nothing of it is wrong; but it may be without a key
};

[[nodiscard]] partial_settings load_in_part(const config_source& source, const environment& env);

// The first address of `listen.addresses`, or its default: all that a client command needs of the file, which it may
// not be allowed to use otherwise (the key is not for every user). Nothing else of the file is judged.
[[nodiscard]] result<listen_address, config_problem> load_client_address(const config_source& source);

// Every key that the configuration knows, dotted, in the order of the reference file.
[[nodiscard]] std::vector<std::string> known_config_keys();

}  // namespace posthaste
