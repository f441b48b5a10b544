#include "lib/config/load.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <set>

#include "lib/base/text.hpp"
#include "lib/config/access_tokens.hpp"
#include "lib/config/events.hpp"
#include "lib/config/file.hpp"
#include "lib/config/keys.hpp"
#include "lib/config/network_readers.hpp"
#include "lib/config/problems.hpp"
#include "lib/config/proxy.hpp"
#include "lib/config/readers.hpp"
#include "lib/config/rules.hpp"
#include "lib/config/secret.hpp"

namespace posthaste {

namespace {

constexpr std::size_t most_file_bytes = 16 * 1024 * 1024;
constexpr std::string_view help_if_missing =
    "; write at least {\"upstream\": {\"url\": \"https://…\"}} there, or name another file with --config";

// What a source has for a key.
struct given_value {
    const located_json* json = nullptr;
    bool overridden = false;  // by --set; else it stands in the file
};

// The source's JSON, an object; empty once its problem was added.
std::optional<located_json> read_source(const config_source& source, problem_list& problems, std::string_view help = "",
                                        mode_t* mode = nullptr) {
    std::string text;
    if (source.text) {
        text = *source.text;
    } else if (auto content = read_whole_file(source.file, most_file_bytes)) {
        text = std::move(content->text);
        if (mode) *mode = content->mode;
    } else {
        const bool missing = content.error().error == ENOENT;
        problems.add(source.file, std::nullopt, "",
                     "cannot be read: " + content.error().reason + std::string(missing ? help : ""));
        return std::nullopt;
    }
    auto json = parse_located_json(text);
    if (!json) {
        problems.add(source.file, json.error().where, "", json.error().what);
        return std::nullopt;
    }
    if (json->type != located_json::kind::object) {
        problems.add(source.file, json->where, "", expected("an object: {\"upstream\": {…}, …}", *json));
        return std::nullopt;
    }
    return *std::move(json);
}

class loader {
  public:
    loader(const config_source& source, const environment& env) : source_(source), env_(env) {}

    result<settings, config_problems> load() {
        read();
        if (!problems_.empty()) return problems_.sorted();
        return std::move(draft_.values);
    }

    partial_settings load_in_part() {
        partial_settings part;
        if (!read()) return {problems_.sorted(), {}, {}};
        // A name that is unknown may have been meant to be the path, or its section.
        const bool misnamed = blamed_.contains("queue") || blamed_.contains("");
        const bool placed = given_.contains("queue.path") || !misnamed;
        if (placed && !is_faulty("queue.path")) part.queue = draft_.values.queue;
        if (part.queue && is_faulty("queue.disk_reserve")) part.queue->disk_reserve = 0;
        const bool sound = std::none_of(blamed_.begin(), blamed_.end(), [](const std::string& key) {
            return key.starts_with("upstream") && key != "upstream.api_key_file";
        });
        if (sound && !draft_.values.upstream.url.host.empty()) part.upstream = draft_.values.upstream;
        part.problems = problems_.sorted();
        return part;
    }

  private:
    // False: there is nothing to be read.
    bool read() {
        const auto file = read_source(source_, problems_, help_if_missing, &file_mode_);
        if (!file) return false;
        gather_overrides();
        gather(*file, "");
        read_values();
        choose_proxy();
        apply_rules();
        read_access_tokens();
        read_api_key();
        check_certificate_file("upstream.ca_file", draft_.values.upstream.ca_file);
        check_certificate_file("upstream.client_certificate_file", draft_.values.upstream.client_certificate_file);
        check_client_key();
        read_events_dir();
        choose_log_format();
        return true;
    }

    void gather_overrides();
    void gather(const located_json& object, const std::string& section);
    void blame_keys_of(const std::string& section);
    void read_values();
    void apply_rules();
    void read_access_tokens();
    void read_api_key();
    void choose_proxy();
    void check_certificate_file(const std::string& key, const std::optional<std::string>& file);
    void check_client_key();
    void read_events_dir();
    void choose_log_format();

    // A problem with `key`, at the place where it was given, or else where it could be.
    void add_problem(const std::string& key, const value_faults& faults);
    void add_problem(const std::string& key, const std::string& what);
    [[nodiscard]] location place_for(const std::string& key) const;
    [[nodiscard]] bool is_faulty(const std::string& key) const { return faulty_.contains(key); }

    const config_source& source_;
    const environment& env_;
    problem_list problems_;
    mode_t file_mode_ = 0;  // of the configuration; a text that is handed in is nobody else's
    std::deque<located_json> override_values_;
    std::map<std::string, given_value> given_;
    std::map<std::string, location> sections_;  // of the file, which itself is ""
    std::set<std::string> faulty_;              // keys whose values could not be read, or whose section
    std::set<std::string> blamed_;              // keys with any problem, and sections with names that are unknown
    settings_draft draft_;
};

// What is not JSON is a bare word, unless it was clearly meant to be JSON.
result<located_json, std::string> parse_override(const std::string& text) {
    auto json = parse_located_json(text);
    if (json) return *std::move(json);
    if (!text.empty() && std::string_view("{[\"").find(text.front()) != std::string_view::npos) {
        return "malformed JSON at column " + std::to_string(json.error().where.column) + ": " + json.error().what;
    }
    located_json word;
    word.type = located_json::kind::string;
    word.string = text;
    return word;
}

std::string unknown_override_text(const std::string& path) {
    const auto dot = path.rfind('.');
    const auto section = dot == std::string::npos ? "" : path.substr(0, dot);
    const auto name = dot == std::string::npos ? path : path.substr(dot + 1);
    if (section.empty() || is_config_section(section)) return unknown_key_text(section, name);
    const auto near = closest_match(path, known_config_keys());
    return near ? "unknown key (did you mean \"" + *near + "\"?)" : "unknown key";
}

void loader::gather_overrides() {
    for (const auto& each : source_.overrides) {
        if (is_config_section(each.path)) {
            problems_.add_override(each.path,
                                   "holds keys and is none itself: set one of them, as in --set upstream.url=…");
        } else if (!find_config_key(each.path)) {
            blamed_.insert(each.path.substr(0, each.path.rfind('.')));
            problems_.add_override(each.path, unknown_override_text(each.path));
        } else if (auto json = parse_override(each.value); !json) {
            problems_.add_override(each.path, json.error());
            blamed_.insert(each.path);
            faulty_.insert(each.path);
        } else {
            given_[each.path] = {&override_values_.emplace_back(*std::move(json)), true};
        }
    }
}

// "upstream.url" as the file has it: "upstream": {"url": …}
std::string nested(const std::string& path) {
    const auto dot = path.find('.');
    if (dot == std::string::npos) return "\"" + path + "\": …";
    return "\"" + path.substr(0, dot) + "\": {" + nested(path.substr(dot + 1)) + "}";
}

// What could stand in a section that is no object is not missing for itself.
void loader::blame_keys_of(const std::string& section) {
    for (const auto& key : config_keys()) {
        if (key.path.starts_with(section + ".") && !given_.contains(key.path)) faulty_.insert(key.path);
    }
}

void loader::gather(const located_json& object, const std::string& section) {
    sections_.emplace(section, object.where);
    for (const auto& member : object.members) {
        const auto path = section.empty() ? member.name : section + "." + member.name;
        const bool is_name = member.name.find('.') == std::string::npos;  // "upstream.url" is none of the file's
        if (is_name && find_config_key(path)) {
            given_.try_emplace(path, given_value{&member.value, false});
        } else if (!is_name || !is_config_section(path)) {
            const auto step = path_step(member.name);
            blamed_.insert(section);
            problems_.add(source_.file, member.where,
                          section.empty() && step.front() == '.' ? member.name : section + step,
                          find_config_key(path) ? "unknown key (write " + nested(member.name) + ")"
                                                : unknown_key_text(section, member.name));
        } else if (member.value.type == located_json::kind::object) {
            gather(member.value, path);
        } else {
            blamed_.insert(path);
            blame_keys_of(path);
            problems_.add(source_.file, member.value.where, path, expected("an object", member.value));
        }
    }
}

void loader::read_values() {
    for (const auto& key : config_keys()) {
        const auto given = given_.find(key.path);
        if (given == given_.end()) continue;
        value_faults faults;
        key.read(*given->second.json, draft_, faults);
        if (faults.empty()) continue;
        faulty_.insert(key.path);
        add_problem(key.path, faults);
    }
}

void loader::apply_rules() {
    for (const auto& rule : config_rules()) {
        const bool readable = std::none_of(rule.keys.begin(), rule.keys.end(), [&](const std::string& key) {
            return is_faulty(key) && (key != rule.list || !given_.contains(key));
        });
        if (!readable) continue;
        if (const auto violation = rule.violation(draft_.values)) add_problem(rule.keys.front(), *violation);
    }
}

void loader::read_access_tokens() {
    const std::string key = "listen.access_tokens_file";
    const auto& file = draft_.values.listen.access_tokens_file;
    if (is_faulty(key) || !file) return;
    auto tokens = load_access_tokens(*file, env_);
    if (tokens) {
        draft_.values.listen.tokens = *std::move(tokens);
        return;
    }
    for (const auto& fault : tokens.error()) {
        if (fault.where)
            problems_.add(printable(*file), fault.where, "", fault.what);
        else
            add_problem(key, printable(*file) + " " + fault.what);
    }
}

void loader::read_api_key() {
    const std::string key = "upstream.api_key_file";
    if (is_faulty(key)) return;
    auto api_key = load_api_key(draft_.values.upstream.api_key_file, env_);
    if (!api_key) return add_problem(key, api_key.error());
    draft_.values.upstream.api_key = std::move(api_key->value);
    draft_.values.upstream.api_key_source = std::move(api_key->source);
    draft_.values.upstream.api_key_watched = std::move(api_key->watched);
}

void loader::choose_proxy() {
    const std::string key = "upstream.proxy";
    auto& upstream = draft_.values.upstream;
    if (is_faulty(key) || upstream.url.host.empty()) return;
    if (!upstream.proxy) {
        auto found = proxy_from_environment(upstream.url, env_);
        if (!found) return add_problem(key, found.error());
        upstream.proxy = *std::move(found);
    } else if (!upstream.proxy->credentials.empty() && !given_.at(key).overridden) {
        if (auto fault = openness_fault(source_.file, file_mode_))
            add_problem(key, "holds a password, and " + printable(source_.file) + *fault);
    }
}

void loader::check_certificate_file(const std::string& key, const std::optional<std::string>& file) {
    if (is_faulty(key) || !file) return;
    const auto content = read_whole_file(*file, most_file_bytes);
    if (!content) {
        add_problem(key, printable(*file) + " cannot be read: " + content.error().reason);
    } else if (content->text.find("-----BEGIN ") == std::string::npos) {
        add_problem(key, printable(*file) + " holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    }
}

void loader::check_client_key() {
    const std::string key = "upstream.client_key_file";
    const auto& file = draft_.values.upstream.client_key_file;
    if (is_faulty(key) || !file) return;
    if (const auto fault = private_key_fault(*file, env_)) add_problem(key, *fault);
}

void loader::read_events_dir() {
    const std::string key = "events_dir";
    const auto& folder = draft_.values.events_dir;
    if (is_faulty(key) || !folder) return;
    std::map<std::string, std::string> places;
    if (const auto events = given_.find("events"); events != given_.end()) {
        for (const auto& event : events->second.json->members) {
            places.emplace(event.name,
                           events->second.overridden ? "--set events" : place_text(source_.file, event.where));
        }
    }
    const auto added = add_events_dir(*folder, draft_.values.events.schemas, std::move(places), problems_);
    if (!added) add_problem(key, printable(*folder) + " cannot be read: " + added.error());
}

void loader::choose_log_format() {
    if (!given_.contains("log.format") && env_("JOURNAL_STREAM")) draft_.values.log.format = log_format::journal;
}

void loader::add_problem(const std::string& key, const value_faults& faults) {
    blamed_.insert(key);
    if (!given_.at(key).overridden) return problems_.add(source_.file, key, faults);
    for (const auto& fault : faults) {
        problems_.add_override(key + fault.below, fault.what);
    }
}

location loader::place_for(const std::string& key) const {
    const auto section = sections_.find(key.substr(0, std::min(key.find('.'), key.size())));
    return section != sections_.end() ? section->second : sections_.at("");
}

void loader::add_problem(const std::string& key, const std::string& what) {
    blamed_.insert(key);
    const auto given = given_.find(key);
    if (given == given_.end()) return problems_.add(source_.file, place_for(key), key, what);
    add_problem(key, value_faults{{given->second.json->where, "", what}});
}

}  // namespace

result<settings, config_problems> load_settings(const config_source& source, const environment& env) {
    return loader(source, env).load();
}

partial_settings load_in_part(const config_source& source, const environment& env) {
    return loader(source, env).load_in_part();
}

result<listen_address, config_problem> load_client_address(const config_source& source) {
    problem_list problems;
    const auto file = read_source(source, problems);
    if (!file) return problems.sorted().front();
    const auto* listen = file->find("listen");
    const auto* addresses = listen ? listen->find("addresses") : nullptr;
    if (!addresses) return listen_address{};
    value_faults faults;
    if (!addresses->elements.empty()) {
        if (auto first = read_listen_address{}(addresses->elements.front(), faults)) return *std::move(first);
    }
    return config_problem{place_text(source.file, addresses->where) +
                          ": listen.addresses: has no address that can be asked"};
}

}  // namespace posthaste
