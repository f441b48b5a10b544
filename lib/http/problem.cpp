#include "lib/http/problem.hpp"

#include <charconv>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

// "queue-full" → "Queue full", "malformed-json" → "Malformed JSON".
std::string title_of(std::string_view name) {
    std::string title;
    for (std::size_t from = 0; from <= name.size();) {
        const std::size_t dash = std::min(name.find('-', from), name.size());
        const std::string_view word = name.substr(from, dash - from);
        if (!title.empty()) title += ' ';
        title += word == "json" ? "JSON" : word;
        from = dash + 1;
    }
    if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
    return title;
}

void append_number(std::string& out, std::string_view member, std::size_t value) {
    char digits[20];
    const auto written = std::to_chars(digits, digits + sizeof digits, value);
    out += ",\"";
    out += member;
    out += "\":";
    out.append(digits, written.ptr);
}

std::string_view name_of(envelope_fault::kind what) {
    switch (what) {
        case envelope_fault::kind::malformed_json:
            return "malformed-json";
        case envelope_fault::kind::invalid_event:
            return "invalid-event";
        case envelope_fault::kind::schema_mismatch:
            return "schema-mismatch";
        case envelope_fault::kind::unknown_event:
            return "unknown-event";
    }
    return "invalid-event";
}

}  // namespace

std::string to_json(const problem& what) {
    std::string out;
    out.reserve(160 + what.name.size() * 2 + what.detail.size() * 2 + what.errors.size() * 100);
    out += "{\"type\":\"urn:posthaste:problem:";
    out += what.name;
    out += "\",\"title\":";
    append_json_quoted(out, title_of(what.name));
    append_number(out, "status", what.status);
    out += ",\"detail\":";
    append_json_quoted(out, what.detail);
    out += ",\"message\":";
    append_json_quoted(out, what.detail);
    if (what.place) {
        append_number(out, "line", what.place->line);
        append_number(out, "column", what.place->column);
        append_number(out, "offset", what.place->offset);
    }
    if (what.upstream) {
        out += ",\"upstreamStatus\":" + (what.upstream->status ? std::to_string(*what.upstream->status) : "null");
        out += ",\"upstreamMessage\":";
        append_json_quoted(out, what.upstream->message);
    }
    if (!what.errors.empty()) {
        out += ",\"errors\":[";
        for (const field_error& each : what.errors) {
            if (&each != &what.errors.front()) out += ',';
            out += "{\"pointer\":";
            append_json_quoted(out, each.pointer);
            out += ",\"detail\":";
            append_json_quoted(out, each.detail);
            out += '}';
        }
        out += ']';
    }
    out += '}';
    return out;
}

problem problem_of(envelope_fault fault) {
    problem what{.name = name_of(fault.what), .detail = std::move(fault.detail), .errors = std::move(fault.errors)};
    if (fault.what == envelope_fault::kind::malformed_json) {
        what.status = 400;
        what.place = json_place{fault.line, fault.column, fault.offset};
    } else {
        what.status = 422;
    }
    return what;
}

}  // namespace posthaste
