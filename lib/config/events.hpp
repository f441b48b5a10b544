// The configured events and their schemas: the key "events" and the files of "events_dir".
//
// read_events is pure; add_events_dir reads the folder's files.

#pragma once

#include <map>
#include <optional>
#include <string>

#include "lib/config/faults.hpp"
#include "lib/config/problems.hpp"
#include "lib/event/schema.hpp"

namespace posthaste {

using event_schemas = std::map<std::string, schema_node, std::less<>>;

// {"NAME": {…schema…}, …}. See readers.hpp for how a reader is called.
struct read_events {
    std::optional<event_schemas> operator()(const located_json& json, value_faults& faults) const;
};

// Adds the events of `folder`/*.json, each {"event": "NAME", "schema": {…}}, in the order of the files' names. An event
// that is there twice is a problem that names both places: `places` tells where those of `schemas` stand. A name on
// .json that is no regular file is a problem, too. The error is why the folder cannot be read.
[[nodiscard]] result<void, std::string> add_events_dir(const std::string& folder, event_schemas& schemas,
                                                       std::map<std::string, std::string> places,
                                                       problem_list& problems);

}  // namespace posthaste
