// A small JSON tree whose every value and member knows its line and column: for files that people write (the
// configuration, event schemas, sandbox workflows), so that each complaint can name its place. Not for events.
//
// Follows RFC 8259 with // and /* */ comments. Duplicate members, a BOM, a NUL byte, invalid UTF-8 and nesting over 64
// are faults. Pure; any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/json_fault.hpp"
#include "lib/base/result.hpp"

namespace posthaste {

struct located_json {
    enum class kind { null, boolean, integer, number, string, array, object };
    struct member;

    kind type = kind::null;
    location where;  // of the value's first byte
    bool boolean = false;
    std::int64_t integer = 0;  // kind::integer: a whole number that fits
    double number = 0;         // kind::integer and kind::number
    std::string string;        // kind::string; kind::number: as it is written
    std::vector<located_json> elements;
    std::vector<member> members;  // in the file's order

    // Null when there is no such member or this is no object.
    [[nodiscard]] const located_json* find(std::string_view name) const noexcept;
    // "an object", "a string", "a whole number" …: for "expected X, found Y".
    [[nodiscard]] std::string_view described() const noexcept;
};

struct located_json::member {
    std::string name;
    location where;  // of the name's opening quote
    located_json value;
};

struct located_fault {
    location where;
    std::string what;
};

// "what" is a sentence's end: "a member name must stand in double quotes".
[[nodiscard]] result<located_json, located_fault> parse_located_json(std::string_view text);

}  // namespace posthaste
