// The schema of a Custom Event's data, in the shorthand of the README ("Schemas").
//
// Type names (any case): String Number Integer Boolean Date Object Array Any, with a trailing "?" for optional. A
// nested object is a nested schema; ["String"] an array of strings; where the type is an object or an array, the "?"
// stands at the member's name: "tags?": ["String"]. null is a value of Any only. Compiled once, then immutable: any
// thread.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/located_json.hpp"
#include "lib/base/result.hpp"

namespace posthaste {

struct schema_node {
    enum class kind { string, number, integer, boolean, date, object, array, any };
    struct field;

    kind type = kind::any;
    bool named_fields = false;                   // object: fields are listed (and unknown ones can be told)
    std::vector<field> fields;                   // object: in the schema's order
    std::vector<std::size_t> by_name;            // object: the fields' indices, sorted by name
    std::size_t required_fields = 0;             // object: how many of the fields are required
    std::shared_ptr<const schema_node> element;  // array: null when anything goes

    static constexpr std::size_t no_field = static_cast<std::size_t>(-1);
    // The index of the field of that name. `guess` is looked at first: members mostly come in the schema's order.
    [[nodiscard]] std::size_t find(std::string_view name, std::size_t guess = 0) const noexcept;

    // Whether both were compiled of the same schema; elements are looked into.
    friend bool operator==(const schema_node& a, const schema_node& b);
};

struct schema_node::field {
    std::string name;
    bool required = true;
    schema_node type;

    friend bool operator==(const field&, const field&) = default;
};

// One problem with a value, with the RFC 6901 pointer of its place in the event, e.g. "/data/ticketName".
struct field_error {
    std::string pointer;
    std::string detail;
};

// `json` must be an object of the shorthand; the faults (all of them) name the place of what is wrong.
[[nodiscard]] result<schema_node, std::vector<located_fault>> compile_schema(const located_json& json);

// A type's name for messages: "a string", "a whole number", "an RFC 3339 date-time" …
[[nodiscard]] std::string_view described(schema_node::kind type) noexcept;

}  // namespace posthaste
