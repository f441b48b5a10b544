#include "lib/event/envelope.hpp"

#include "lib/base/text.hpp"
#include "lib/event/envelope_reader.hpp"

namespace posthaste {

envelope_fault malformed_json(std::string_view body, std::size_t offset, std::string reason) {
    const location place = location_of(body, offset);
    envelope_fault fault;
    fault.what = envelope_fault::kind::malformed_json;
    fault.line = place.line;
    fault.column = place.column;
    fault.offset = offset;
    fault.detail = "the body is no JSON that can be accepted: at line " + std::to_string(place.line) + ", column " +
                   std::to_string(place.column) + " (byte " + std::to_string(offset) + "), " + reason;
    fault.reason = std::move(reason);
    return fault;
}

namespace {

// What is wrong with "event" or "userId"; empty when nothing is.
std::string name_fault(const envelope_name& name, std::string_view expected) {
    switch (name.found) {
        case envelope_name::state::good:
            return {};
        case envelope_name::state::missing:
            return "is missing (expected " + std::string(expected) + ")";
        case envelope_name::state::null:
            return "is null (expected " + std::string(expected) + ")";
        case envelope_name::state::another_type:
            return "is no string (expected " + std::string(expected) + ")";
        case envelope_name::state::empty:
            return "is empty (expected " + std::string(expected) + ")";
        case envelope_name::state::too_long:
            break;
    }
    return "is longer than " + std::to_string(max_name_bytes) + " bytes";
}

std::vector<field_error> envelope_errors(const envelope_reader& read) {
    if (!read.top_level_is_object) {
        return {{"", "the body must be an object with the members \"event\", \"userId\" and \"data\""}};
    }
    std::vector<field_error> errors;
    if (auto fault = name_fault(read.event, "the event's name, a string"); !fault.empty()) {
        errors.push_back({"/event", std::move(fault)});
    }
    if (read.user_id.found == envelope_name::state::null) {
        errors.push_back({"/userId", "is null: call identify() first, and send the userId that it returns"});
    } else if (auto fault = name_fault(read.user_id, "the user's id, a string"); !fault.empty()) {
        errors.push_back({"/userId", std::move(fault)});
    }
    if (!read.data_is_object) {
        errors.push_back({"/data", read.data_found
                                       ? "is no object (expected an object with the event's data, {} if there is none)"
                                       : "is missing (expected an object with the event's data, {} if there is none)"});
    }
    return errors;
}

// "PREFIX: the first error", with their number when there are more.
std::string summary(std::string prefix, const std::vector<field_error>& errors) {
    prefix += ": ";
    const std::string count = std::to_string(errors.size());
    if (errors.size() >= schema_checker::most_errors)
        prefix += "at least " + count + " errors, of which " + count + " are listed, the first: ";
    else if (errors.size() > 1)
        prefix += count + " errors, the first: ";
    const field_error& first = errors.front();
    if (!first.pointer.empty()) prefix += printable(first.pointer) + " ";
    return prefix + first.detail;
}

envelope_fault with_errors(envelope_fault::kind what, std::string prefix, std::vector<field_error> errors) {
    if (errors.size() > schema_checker::most_errors) errors.resize(schema_checker::most_errors);
    envelope_fault fault;
    fault.what = what;
    fault.detail = summary(std::move(prefix), errors);
    fault.errors = std::move(errors);
    return fault;
}

std::string in_quotes(std::string_view name) {
    return "\"" + printable(name) + "\"";
}

field_error not_configured() {
    return {"/event", "is not the name of a configured event"};
}

envelope_fault unknown_event(std::string_view name, const event_catalog& catalog) {
    std::string hint;
    for (const std::string& match : catalog.close_matches(name)) {
        hint += (hint.empty() ? "did you mean " : " or ") + in_quotes(match);
    }
    hint += hint.empty() ? "add it to \"events\", or set \"unknown_events\" to \"accept\"" : "?";
    envelope_fault fault;
    fault.what = envelope_fault::kind::unknown_event;
    fault.detail = "the event " + in_quotes(name) + " is not configured (" + hint + ")";
    fault.errors.push_back(not_configured());
    return fault;
}

// Adds to what is wrong with the envelope what would be refused next, so that all of it can be put right at once.
void add_later_errors(std::vector<field_error>& errors, envelope_reader& read, const event_catalog& catalog) {
    if (read.event.found != envelope_name::state::good) return;
    const schema_node* schema = catalog.find(read.event.value);
    if (schema == nullptr && catalog.reject_unknown_events) errors.push_back(not_configured());
    if (schema == nullptr || catalog.check != schema_check::enforce || !read.data_is_object) return;
    if (!read.checker) read.check_data(*schema);
    for (const field_error& each : read.checker->errors())
        errors.push_back(each);
}

// What is sound in all is told quickly; of the rest nothing is told.
std::optional<envelope> read_plain_envelope(std::string_view body, const event_catalog& catalog) {
    envelope_reader reader(body, catalog);
    if (!reader.read_plainly()) return std::nullopt;
    if (reader.checker && !reader.checker->errors().empty()) return std::nullopt;
    if (catalog.reject_unknown_events && catalog.find(reader.event.value) == nullptr) return std::nullopt;
    return envelope{std::move(reader.event.value), std::move(reader.user_id.value)};
}

}  // namespace

std::optional<envelope_fault> find_malformed_json(std::string_view body) {
    static const event_catalog no_schemas{};
    envelope_reader reader(body, no_schemas);
    if (reader.read()) return std::nullopt;
    return malformed_json(body, reader.fault().offset, std::move(reader.fault().what));
}

result<envelope, envelope_fault> read_envelope(std::string_view body, const event_catalog& catalog) {
    if (auto plain = read_plain_envelope(body, catalog)) return *std::move(plain);
    envelope_reader reader(body, catalog);
    if (!reader.read()) return malformed_json(body, reader.fault().offset, std::move(reader.fault().what));

    if (auto errors = envelope_errors(reader); !errors.empty()) {
        add_later_errors(errors, reader, catalog);
        return with_errors(envelope_fault::kind::invalid_event, "this is no event", std::move(errors));
    }
    const schema_node* schema = catalog.find(reader.event.value);
    if (schema == nullptr && catalog.reject_unknown_events) return unknown_event(reader.event.value, catalog);
    if (schema != nullptr && catalog.check != schema_check::off && !reader.checker) reader.check_data(*schema);
    if (!reader.checker || reader.checker->errors().empty())
        return envelope{std::move(reader.event.value), std::move(reader.user_id.value)};
    if (catalog.check == schema_check::enforce) {
        return with_errors(envelope_fault::kind::schema_mismatch,
                           "data does not fit the schema of " + in_quotes(reader.event.value),
                           std::move(reader.checker->errors()));
    }
    return envelope{std::move(reader.event.value), std::move(reader.user_id.value),
                    std::move(reader.checker->errors())};
}

}  // namespace posthaste
