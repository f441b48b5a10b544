#include "tests/fuzz/text.hpp"

#include <algorithm>

#include "lib/base/require.hpp"
#include "lib/base/utf8.hpp"
#include "lib/event/schema_checker.hpp"

namespace posthaste::fuzz {

bool is_clean_line(std::string_view text) {
    while (!text.empty()) {
        const utf8_character next = decode_utf8(text);
        if (next.size == 0 || next.code_point < 0x20 || (next.code_point >= 0x7f && next.code_point < 0xa0))
            return false;
        text.remove_prefix(next.size);
    }
    return true;
}

bool is_within(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void judge_fault(const envelope_fault& fault, std::string_view body) {
    REQUIRE(!fault.detail.empty() && is_clean_line(fault.detail), "a fault is told in one clean line");
    if (fault.what != envelope_fault::kind::malformed_json) {
        REQUIRE(!fault.errors.empty() && fault.errors.size() <= schema_checker::most_errors, "errors are listed");
        for (const field_error& error : fault.errors)
            REQUIRE(error.pointer.empty() || error.pointer.starts_with('/'), "a pointer begins with a slash");
        return;
    }
    REQUIRE(fault.errors.empty() && !fault.reason.empty(), "what is malformed has a reason and no list");
    REQUIRE(fault.offset <= body.size(), "a fault lies in the body, or at its end");
    const std::string_view before = body.substr(0, fault.offset);
    const auto line_ends = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    REQUIRE(fault.line == line_ends + 1, "the line is that of the offset");
    REQUIRE(fault.column == before.size() - (before.rfind('\n') + 1) + 1, "the column is that of the offset");
}

schema_node schema_of(std::string_view text) {
    const auto json = parse_located_json(text);
    REQUIRE(json.has_value(), "the fuzzer's own schema is JSON");
    auto schema = compile_schema(*json);
    REQUIRE(schema.has_value(), "the fuzzer's own schema is one");
    return *std::move(schema);
}

}  // namespace posthaste::fuzz
