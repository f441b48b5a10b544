#include "lib/sandbox/configuration.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "lib/base/located_json.hpp"
#include "lib/base/text.hpp"
#include "lib/config/events.hpp"
#include "lib/config/problems.hpp"
#include "lib/config/readers.hpp"

namespace posthaste {

namespace {

std::string joined(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
}

class configuration_reader {
  public:
    explicit configuration_reader(const std::string& name) : name_(name) {}

    sandbox_configuration read(const located_json& root) {
        sandbox_configuration into;
        if (!expect(root, located_json::kind::object, "", "an object with events and workflows")) return into;
        refuse_unknown(root, "", {"events", "workflows"});
        if (const located_json* events = root.find("events")) {
            value_faults faults;
            if (auto schemas = read_events{}(*events, faults)) into.events.schemas = *std::move(schemas);
            problems.add(name_, "events", faults);
            for (const auto& member : events->members)
                known_events_.push_back(member.name);
        }
        if (const located_json* workflows = root.find("workflows")) read_workflows(*workflows, into);
        return into;
    }

    problem_list problems;

  private:
    void read_workflows(const located_json& workflows, sandbox_configuration& into) {
        if (!expect(workflows, located_json::kind::array, "workflows", "a list of workflows")) return;
        for (std::size_t i = 0; i < workflows.elements.size(); ++i)
            read_workflow(workflows.elements[i], "workflows[" + std::to_string(i) + "]", into);
    }

    void read_workflow(const located_json& json, const std::string& path, sandbox_configuration& into) {
        if (!expect(json, located_json::kind::object, path, "an object with event and slack")) return;
        refuse_unknown(json, path, {"event", "slack"});
        const located_json* event = text(json, path, "event");
        if (event) check_event(*event, path + ".event");

        const std::string below = path + ".slack";
        const located_json* slack = required(json, path, "slack");
        if (!slack || !expect(*slack, located_json::kind::object, below, "an object with channel and message")) return;
        refuse_unknown(*slack, below, {"channel", "message", "webhook_url_file"});
        const located_json* channel = text(*slack, below, "channel");
        const located_json* message = text(*slack, below, "message");
        const std::optional<std::string> file = webhook_file(*slack, below + ".webhook_url_file");
        if (!message) return;
        auto compiled = message_template::compile(message->string);
        if (!compiled)
            problems.add(name_, message->where, below + ".message",
                         "this is no Mustache template: " + printable(compiled.error()));
        else if (event && channel)
            into.workflows.push_back({event->string, channel->string, *std::move(compiled), file, std::nullopt});
    }

    std::optional<std::string> webhook_file(const located_json& slack, const std::string& path) {
        const located_json* found = slack.find("webhook_url_file");
        if (!found) return std::nullopt;
        value_faults faults;
        const auto file = null_or<read_path>{}(*found, faults);
        problems.add(name_, path, faults);
        return file.value_or(std::nullopt);
    }

    // A workflow that listens to an event nobody configured is a slip of the pen.
    void check_event(const located_json& event, const std::string& path) {
        if (known_events_.empty()) return;
        if (std::find(known_events_.begin(), known_events_.end(), event.string) != known_events_.end()) return;
        problems.add(name_, event.where, path, "no such event in \"events\"" + near_miss(event.string, known_events_));
    }

    bool expect(const located_json& value, located_json::kind type, const std::string& path, const char* what) {
        if (value.type == type) return true;
        problems.add(name_, value.where, path, expected(what, value));
        return false;
    }

    const located_json* required(const located_json& object, const std::string& path, const char* name) {
        const located_json* found = object.find(name);
        if (!found) problems.add(name_, object.where, joined(path, name), "is missing");
        return found;
    }

    // Null, and a problem, when there is no such member or it is no string with something in it.
    const located_json* text(const located_json& object, const std::string& path, const char* name) {
        const located_json* found = required(object, path, name);
        if (!found || !expect(*found, located_json::kind::string, joined(path, name), "a string")) return nullptr;
        if (!found->string.empty()) return found;
        problems.add(name_, found->where, joined(path, name), "expected a string that is not empty");
        return nullptr;
    }

    void refuse_unknown(const located_json& object, const std::string& path, std::initializer_list<const char*> names) {
        const std::vector<std::string> known(names.begin(), names.end());
        for (const auto& member : object.members)
            if (std::find(known.begin(), known.end(), member.name) == known.end())
                problems.add(name_, member.where, joined(path, printable(member.name)),
                             "unknown key" + near_miss(member.name, known));
    }

    static std::string near_miss(const std::string& word, const std::vector<std::string>& candidates) {
        const auto near = closest_match(word, candidates);
        return near ? " (did you mean \"" + printable(*near) + "\"?)" : "";
    }

    const std::string& name_;
    std::vector<std::string> known_events_;
};

}  // namespace

result<sandbox_configuration, config_problems> read_sandbox_configuration(std::string_view text,
                                                                          const std::string& name) {
    configuration_reader reader(name);
    const auto root = parse_located_json(text);
    if (!root) {
        reader.problems.add(name, root.error().where, "", root.error().what);
        return reader.problems.sorted();
    }
    sandbox_configuration read = reader.read(*root);
    if (!reader.problems.empty()) return reader.problems.sorted();
    return read;
}

}  // namespace posthaste
