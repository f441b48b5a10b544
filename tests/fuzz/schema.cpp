// A schema is compiled and data held to it, and to a reading of the same schema that is written apart from it. The
// input is a schema, an empty line, and data.

#include "lib/event/schema.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "lib/base/require.hpp"
#include "lib/base/time.hpp"
#include "lib/event/envelope.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/fuzz/text.hpp"

namespace posthaste {
namespace {

using nlohmann::json;
using kind = schema_node::kind;

bool fits(const schema_node& schema, const json& value, bool reject_unknown);

bool object_fits(const schema_node& schema, const json& object, bool reject_unknown) {
    for (const auto& field : schema.fields) {
        const auto found = object.find(field.name);
        if (found == object.end() ? field.required : !fits(field.type, *found, reject_unknown)) return false;
    }
    if (!schema.named_fields || !reject_unknown) return true;
    return std::all_of(object.items().begin(), object.items().end(), [&](const auto& member) {
        return std::ranges::find(schema.fields, member.key(), &schema_node::field::name) != schema.fields.end();
    });
}

bool fits(const schema_node& schema, const json& value, bool reject_unknown) {
    switch (schema.type) {
        case kind::any:
            return true;
        case kind::string:
            return value.is_string();
        case kind::number:
            return value.is_number();
        case kind::integer:
            return value.is_number_integer();
        case kind::boolean:
            return value.is_boolean();
        case kind::date:
            return value.is_string() && parse_rfc3339(value.get_ref<const std::string&>());
        case kind::object:
            return value.is_object() && object_fits(schema, value, reject_unknown);
        case kind::array:
            return value.is_array() &&
                   (!schema.element || std::all_of(value.begin(), value.end(), [&](const json& each) {
                       return fits(*schema.element, each, reject_unknown);
                   }));
    }
    return false;
}

// Whole numbers over 64 bits are fractions to the other parser.
bool has_huge_number(const json& value) {
    if (value.is_number_float()) return std::abs(value.get<double>()) >= 9e18;
    return value.is_structured() && std::any_of(value.begin(), value.end(), has_huge_number);
}

// The value that holds what an error is about.
void judge_pointer(const field_error& error, const json& event) {
    const json::json_pointer place(error.pointer);
    REQUIRE(error.pointer.starts_with("/data"), "an error is of data");
    REQUIRE(event.contains(place) || event.contains(place.parent_pointer()), "an error has a place in the event");
    REQUIRE(event.contains(place) || error.detail.starts_with("is missing"), "and only what is missing is not there");
}

void judge_data(const schema_node& schema, std::string_view data, bool reject_unknown) {
    event_catalog catalog;
    catalog.schemas.emplace("e", schema);
    catalog.reject_unknown_fields = reject_unknown;
    const std::string body = R"({"event": "e", "userId": "u", "data": )" + std::string(data) + "}";
    const auto read = read_envelope(body, catalog);
    if (!read && read.error().what != envelope_fault::kind::schema_mismatch) return;
    const json event = json::parse(body);
    if (!has_huge_number(event))
        REQUIRE(read.has_value() == fits(schema, event.at("data"), reject_unknown), "data fits, or does not");
    if (read) return;
    fuzz::judge_fault(read.error(), body);
    for (const field_error& error : read.error().errors)
        judge_pointer(error, event);
}

void judge_fields(const schema_node& schema) {
    std::size_t required = 0;
    REQUIRE(schema.by_name.size() == schema.fields.size(), "every field is found by its name");
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
        const auto& field = schema.fields[i];
        required += field.required ? 1 : 0;
        REQUIRE(!field.name.empty() && schema.find(field.name) == i, "whatever was found before");
        REQUIRE(schema.find(field.name, i) == i && schema.find(field.name, i + 1) == i, "whatever was guessed");
        judge_fields(field.type);
    }
    REQUIRE(schema.required_fields == required, "the required fields are counted");
    if (schema.element) judge_fields(*schema.element);
}

void judge_faults(const std::vector<located_fault>& faults, std::string_view text) {
    REQUIRE(!faults.empty(), "what is no schema has a fault");
    const auto lines = 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    for (const located_fault& fault : faults) {
        REQUIRE(fault.where.line >= 1 && fault.where.line <= lines, "a fault has its place in the text");
        REQUIRE(fault.where.column >= 1 && fault.where.column <= text.size() + 1, "and in the line");
        REQUIRE(!fault.what.empty() && fuzz::is_clean_line(fault.what), "a fault is told in one clean line");
    }
}

}  // namespace

void try_input(std::string_view input) {
    const std::size_t parting = input.find("\n\n");
    const std::string_view text = input.substr(0, parting);
    const std::string_view data = parting == std::string_view::npos ? "{}" : input.substr(parting + 2);
    const auto parsed = parse_located_json(text);
    if (!parsed) return judge_faults({parsed.error()}, text);
    const auto schema = compile_schema(*parsed);
    if (!schema) return judge_faults(schema.error(), text);
    REQUIRE(*schema == *compile_schema(*parsed), "the same schema is the same");
    judge_fields(*schema);
    judge_data(*schema, data, false);
    judge_data(*schema, data, true);
}

}  // namespace posthaste
