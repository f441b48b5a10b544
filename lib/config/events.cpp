#include "lib/config/events.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <system_error>

#include "lib/base/text.hpp"
#include "lib/config/file.hpp"
#include "lib/config/readers.hpp"
#include "lib/event/envelope.hpp"

namespace posthaste {

namespace {

constexpr std::size_t most_schema_bytes = 1024 * 1024;

std::string name_fault(std::string_view name) {
    if (name.empty()) return "an event's name cannot be empty";
    if (name.size() > max_name_bytes) return "an event's name is at most " + std::to_string(max_name_bytes) + " bytes";
    return "";
}

std::optional<schema_node> read_schema(const located_json& json, value_faults& faults) {
    if (json.type != located_json::kind::object) {
        add_fault(faults, json, expected("a schema: an object such as {\"ticketName\": \"String\"}", json));
        return std::nullopt;
    }
    auto schema = compile_schema(json);
    if (schema) return *std::move(schema);
    for (auto& fault : with_paths(json, schema.error())) {
        faults.push_back(std::move(fault));
    }
    return std::nullopt;
}

// Puts `steps` before the places of the faults that came after the first `known` ones.
void prefix_paths(value_faults& faults, std::size_t known, const std::string& step) {
    for (auto i = known; i < faults.size(); ++i) {
        faults[i].below.insert(0, step);
    }
}

struct events_file {
    const located_json::member* event = nullptr;
    const located_json::member* schema = nullptr;
};

events_file find_members(const std::string& file, const located_json& json, problem_list& problems) {
    static const std::array<std::string, 2> known = {"event", "schema"};
    events_file found;
    for (const auto& member : json.members) {
        if (member.name == "event") {
            found.event = &member;
        } else if (member.name == "schema") {
            found.schema = &member;
        } else {
            std::string what = "unknown key";
            if (auto near = closest_match(member.name, known)) what += " (did you mean \"" + *near + "\"?)";
            problems.add(file, member.where, path_step(member.name).erase(0, 1), what);
        }
    }
    if (!found.event) problems.add(file, json.where, "event", "is missing: the event's name, a string");
    if (!found.schema)
        problems.add(file, json.where, "schema", "is missing: the schema of the event's data, an object");
    return found;
}

void add_events_file(const std::string& file, event_schemas& schemas, std::map<std::string, std::string>& places,
                     problem_list& problems) {
    const auto content = read_whole_file(file, most_schema_bytes);
    if (!content) return problems.add(file, std::nullopt, "", "cannot be read: " + content.error().reason);
    const auto json = parse_located_json(content->text);
    if (!json) return problems.add(file, json.error().where, "", json.error().what);
    if (json->type != located_json::kind::object) {
        return problems.add(file, json->where, "", expected("{\"event\": \"NAME\", \"schema\": {…}}", *json));
    }
    const auto members = find_members(file, *json, problems);
    if (!members.event || !members.schema) return;

    value_faults faults;
    auto schema = read_schema(members.schema->value, faults);
    problems.add(file, "schema", faults);
    const auto& name = members.event->value;
    if (name.type != located_json::kind::string) {
        return problems.add(file, name.where, "event", expected("the event's name, a string", name));
    }
    if (auto fault = name_fault(name.string); !fault.empty()) return problems.add(file, name.where, "event", fault);

    const auto [known, added] = places.emplace(name.string, place_text(file, name.where));
    if (!added) {
        return problems.add(file, name.where, "event",
                            "\"" + printable(name.string) + "\" is already defined at " + known->second);
    }
    if (schema) schemas.emplace(name.string, *std::move(schema));
}

// Why a schema's file cannot be read there; "" when it can. To pass it over would be to enforce its schema no longer,
// without a word.
std::string kind_fault(const std::filesystem::directory_entry& entry) {
    std::error_code error;
    const auto kind = entry.status(error).type();
    if (kind == std::filesystem::file_type::regular) return "";
    std::error_code ignored;
    const bool link = entry.is_symlink(ignored);
    if (kind == std::filesystem::file_type::not_found)
        return link ? "is a symbolic link to a file that is not there: mend it or remove it" : "is not there any more";
    if (error) return "cannot be read: " + error.message();
    return std::string(link ? "leads to" : "is") +
           " no regular file: only files with schemas may have names on .json here";
}

}  // namespace

std::optional<event_schemas> read_events::operator()(const located_json& json, value_faults& faults) const {
    if (json.type != located_json::kind::object) {
        add_fault(faults, json, expected("an object of events and their schemas", json));
        return std::nullopt;
    }
    event_schemas schemas;
    const auto faults_before = faults.size();
    for (const auto& member : json.members) {
        const auto known = faults.size();
        if (auto fault = name_fault(member.name); !fault.empty()) faults.push_back({member.where, "", fault});
        auto schema = read_schema(member.value, faults);
        prefix_paths(faults, known, path_step(member.name));
        if (schema) schemas.emplace(member.name, *std::move(schema));
    }
    if (faults.size() != faults_before) return std::nullopt;
    return schemas;
}

result<void, std::string> add_events_dir(const std::string& folder, event_schemas& schemas,
                                         std::map<std::string, std::string> places, problem_list& problems) {
    std::error_code error;
    std::vector<std::filesystem::directory_entry> files;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const auto name = entry->path().filename().string();
        // A name that begins with a dot is an editor's or a volume's own.
        if (name.front() != '.' && name.ends_with(".json")) files.push_back(*entry);
    }
    if (error) return error.message();
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        if (const auto fault = kind_fault(file); fault.empty()) {
            add_events_file(file.path().string(), schemas, places, problems);
        } else {
            problems.add(file.path().string(), std::nullopt, "", fault);
        }
    }
    return {};
}

}  // namespace posthaste
