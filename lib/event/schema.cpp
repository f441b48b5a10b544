#include "lib/event/schema.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

using kind = schema_node::kind;

const std::array<std::string, 8> type_names{"String", "Number", "Integer", "Boolean", "Date", "Object", "Array", "Any"};

std::optional<kind> find_type(std::string_view name) {
    constexpr std::array<kind, type_names.size()> kinds{kind::string, kind::number, kind::integer, kind::boolean,
                                                        kind::date,   kind::object, kind::array,   kind::any};
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (equals_ignoring_case(type_names[i], name)) return kinds[i];
    }
    return std::nullopt;
}

// Takes a trailing "?" off.
bool take_question_mark(std::string_view& text) {
    if (!text.ends_with('?')) return false;
    text.remove_suffix(1);
    return true;
}

class compiler {
  public:
    std::vector<located_fault> faults;

    schema_node compile_object(const located_json& json) {
        schema_node node;
        node.type = kind::object;
        node.named_fields = true;
        for (const auto& member : json.members) {
            auto field = compile_field(member);
            if (std::ranges::find(node.fields, field.name, &schema_node::field::name) != node.fields.end()) {
                fault(member.where,
                      "the field \"" + printable(field.name) + "\" stands here twice, with and without \"?\"");
            }
            node.required_fields += field.required ? 1 : 0;
            node.fields.push_back(std::move(field));
        }
        node.by_name.resize(node.fields.size());
        std::iota(node.by_name.begin(), node.by_name.end(), std::size_t{0});
        std::ranges::sort(node.by_name, {}, [&](std::size_t i) -> const std::string& { return node.fields[i].name; });
        return node;
    }

  private:
    void fault(location where, std::string what) { faults.push_back({where, std::move(what)}); }

    schema_node::field compile_field(const located_json::member& member) {
        schema_node::field field;
        std::string_view name = member.name;
        const bool marked = take_question_mark(name);
        if (name.empty()) fault(member.where, "a field needs a name");
        field.name = name;
        if (member.value.type == located_json::kind::string) {
            std::string_view type = member.value.string;
            field.required = !take_question_mark(type);
            field.type = named_type(type, member.value.where);
            if (marked) {
                fault(member.where, "an optional field has its \"?\" behind the type (\"" + printable(name) + "\": \"" +
                                        printable(type) +
                                        "?\"); only before an object or an array it stands at the name");
            }
        } else {
            field.required = !marked;
            field.type = compile_type(member.value);
        }
        return field;
    }

    schema_node compile_type(const located_json& json) {
        if (json.type == located_json::kind::object) return compile_object(json);
        if (json.type == located_json::kind::array) return compile_array(json);
        if (json.type == located_json::kind::string) return named_type(json.string, json.where);
        fault(json.where,
              "expected a type (a name such as \"String\", an object of fields, or an array of one type), found " +
                  std::string(json.described()));
        return {};
    }

    schema_node compile_array(const located_json& json) {
        schema_node node;
        node.type = kind::array;
        if (json.elements.size() != 1) {
            fault(json.where,
                  "an array names the one type of its elements, such as [\"String\"] (an array of anything is "
                  "\"Array\")");
            return node;
        }
        const located_json& element = json.elements.front();
        if (element.type == located_json::kind::string && element.string.ends_with('?')) {
            fault(element.where, "an array's element cannot be optional (leave out the \"?\")");
            return node;
        }
        node.element = std::make_shared<schema_node>(compile_type(element));
        return node;
    }

    schema_node named_type(std::string_view name, location where) {
        schema_node node;
        if (const auto type = find_type(name)) {
            node.type = *type;
            return node;
        }
        const auto near = closest_match(name, type_names);
        const std::string hint = near ? "did you mean \"" + *near + "\"?"
                                      : "there are String, Number, Integer, Boolean, Date, Object, Array and Any";
        fault(where, "unknown type \"" + printable(name) + "\" (" + hint + ")");
        return node;
    }
};

}  // namespace

bool operator==(const schema_node& a, const schema_node& b) {
    const bool same_element = a.element && b.element ? *a.element == *b.element : a.element == b.element;
    return a.type == b.type && a.named_fields == b.named_fields && a.fields == b.fields && same_element;
}

std::size_t schema_node::find(std::string_view name, std::size_t guess) const noexcept {
    if (guess < fields.size() && fields[guess].name == name) return guess;
    const auto name_at = [this](std::size_t i) -> std::string_view { return fields[i].name; };
    const auto found = std::ranges::lower_bound(by_name, name, {}, name_at);
    return found != by_name.end() && fields[*found].name == name ? *found : no_field;
}

result<schema_node, std::vector<located_fault>> compile_schema(const located_json& json) {
    if (json.type != located_json::kind::object) {
        return std::vector<located_fault>{
            {json.where, "a schema is an object of fields and their types, found " + std::string(json.described())}};
    }
    compiler compiling;
    schema_node node = compiling.compile_object(json);
    if (!compiling.faults.empty()) return std::move(compiling.faults);
    return node;
}

std::string_view described(schema_node::kind type) noexcept {
    switch (type) {
        case kind::string:
            return "a string";
        case kind::number:
            return "a number";
        case kind::integer:
            return "a whole number";
        case kind::boolean:
            return "true or false";
        case kind::date:
            return "an RFC 3339 date-time";
        case kind::object:
            return "an object";
        case kind::array:
            return "an array";
        case kind::any:
            break;
    }
    return "any value";
}

}  // namespace posthaste
