#include "lib/event/envelope_reader.hpp"

#include "lib/event/body_position.hpp"
#include "lib/event/envelope.hpp"
#include "lib/event/plain_scanner.hpp"

namespace posthaste {

namespace {

using state = envelope_name::state;

// The parser hands whole numbers over 64 bits to number_float() too, with their digits.
bool is_whole(std::string_view digits) {
    return digits.find_first_not_of("-0123456789") == std::string_view::npos;
}

// data by itself, known to be well-formed, for the schema only.
struct data_reader {
    schema_checker& checker;

    bool null() { return checker.null(), true; }
    bool boolean(bool) { return checker.boolean(), true; }
    bool number_integer(std::int64_t) { return checker.number(true), true; }
    bool number_unsigned(std::uint64_t) { return checker.number(true), true; }
    bool number_float(double, const std::string& text) { return checker.number(is_whole(text)), true; }
    bool string(std::string& value) { return checker.string(value), true; }
    bool binary(nlohmann::json::binary_t&) { return false; }
    bool start_object(std::size_t) { return checker.start_object(), true; }
    bool key(std::string& name) { return checker.key(name), true; }
    bool end_object() { return checker.end_object(), true; }
    bool start_array(std::size_t) { return checker.start_array(), true; }
    bool end_array() { return checker.end_array(), true; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) { return false; }

    // The scanner's, where they differ.
    void number(bool whole) { checker.number(whole); }
    bool text(std::string_view value, bool) { return checker.string(value), true; }
    bool start_object() { return checker.start_object(), true; }
    bool name(std::string_view name) { return checker.key(name), true; }
    bool start_array() { return checker.start_array(), true; }
};

}  // namespace

envelope_reader::envelope_reader(std::string_view body, const event_catalog& catalog)
    : body_(body), catalog_(catalog), names_(body) {}

bool envelope_reader::read() {
    if (auto hidden = find_hidden_json_fault(body_)) {
        fault_ = std::move(*hidden);
        return false;
    }
    position_ = body_.data();
    const char* end = body_.data() + body_.size();
    return nlohmann::json::sax_parse(body_iterator(position_), body_iterator(end), this);
}

void envelope_reader::check_data(const schema_node& schema) {
    hold_data_to(schema);
    data_reader reader{*checker};
    nlohmann::json::sax_parse(data().begin(), data().end(), &reader);
}

bool envelope_reader::read_plainly() {
    if (!plain_scanner(body_, position_, *this).read()) return false;
    if (!data_is_object || event.found != state::good || user_id.found != state::good) return false;
    const schema_node* schema = catalog_.check == schema_check::off ? nullptr : catalog_.find(event.value);
    if (schema == nullptr || checker) return true;
    hold_data_to(*schema);
    data_reader reader{*checker};
    return plain_scanner(data(), position_, reader).read();
}

bool envelope_reader::null() {
    if (checking_) {
        checker->null();
    } else if (in_envelope()) {
        envelope_value(state::null);
    }
    return true;
}

bool envelope_reader::boolean(bool) {
    if (checking_) {
        checker->boolean();
    } else if (in_envelope()) {
        envelope_value(state::another_type);
    }
    return true;
}

bool envelope_reader::number_integer(std::int64_t) {
    number(true);
    return true;
}

bool envelope_reader::number_unsigned(std::uint64_t) {
    number(true);
    return true;
}

bool envelope_reader::number_float(double, const std::string& text) {
    number(is_whole(text));
    return true;
}

void envelope_reader::number(bool whole) {
    if (checking_) {
        checker->number(whole);
    } else if (in_envelope()) {
        envelope_value(state::another_type);
    }
}

bool envelope_reader::string(std::string& value) {
    return text(value, false);
}

// Without escapes undone, a name is another one, and a date none, which is told once they are.
bool envelope_reader::text(std::string_view value, bool escaped) {
    if (checking_) {
        checker->string(value);
    } else if (in_envelope()) {
        if (escaped && name_under_way() != nullptr) return false;
        envelope_string(value);
    }
    return true;
}

bool envelope_reader::binary(nlohmann::json::binary_t&) {
    return false;
}  // not in JSON texts

bool envelope_reader::start_object(std::size_t) {
    if (depth_ == 0) top_level_is_object = true;
    if (in_envelope()) {
        if (member_ == member::data) begin_data();
        envelope_value(state::another_type);
    }
    if (checking_) checker->start_object();
    if (!open()) return false;
    names_.open_object();
    return true;
}

bool envelope_reader::key(std::string& name) {
    return this->name(name);
}

bool envelope_reader::name(std::string_view name) {
    if (const auto duplicate = names_.add(name, offset())) return refuse_duplicate(*duplicate);
    if (checking_) {
        checker->key(name);
    } else if (in_envelope()) {
        member_ = name == "event"    ? member::event
                  : name == "userId" ? member::user_id
                  : name == "data"   ? member::data
                                     : member::other;
    }
    return true;
}

bool envelope_reader::end_object() {
    --depth_;
    if (const auto duplicate = names_.close_object()) return refuse_duplicate(*duplicate);
    if (checking_) checker->end_object();
    if (in_envelope() && member_ == member::data) {
        data_end_ = offset();
        checking_ = false;
    }
    return true;
}

bool envelope_reader::start_array(std::size_t) {
    if (in_envelope()) envelope_value(state::another_type);
    if (checking_) checker->start_array();
    return open();
}

bool envelope_reader::end_array() {
    --depth_;
    if (checking_) checker->end_array();
    return true;
}

bool envelope_reader::parse_error(std::size_t read, const std::string&, const nlohmann::json::exception&) {
    fault_ = explain_json_fault(body_, read, false);
    return false;
}

// A member of the envelope got a value that is no string.
void envelope_reader::envelope_value(envelope_name::state found_for_a_name) {
    if (member_ == member::data) data_found = true;
    if (envelope_name* name = name_under_way()) name->found = found_for_a_name;
}

void envelope_reader::envelope_string(std::string_view value) {
    if (member_ == member::data) data_found = true;
    envelope_name* name = name_under_way();
    if (name == nullptr) return;
    name->found = value.empty() ? state::empty : value.size() > max_name_bytes ? state::too_long : state::good;
    if (name->found == state::good) name->value = value;
}

envelope_name* envelope_reader::name_under_way() noexcept {
    if (member_ == member::event) return &event;
    return member_ == member::user_id ? &user_id : nullptr;
}

bool envelope_reader::open() {
    if (depth_ == max_json_depth) {
        fault_ = {offset() - 1, "objects and arrays are nested more than 64 deep"};
        return false;
    }
    ++depth_;
    return true;
}

void envelope_reader::begin_data() {
    data_is_object = true;
    data_start_ = offset() - 1;
    if (event.found != state::good || catalog_.check == schema_check::off) return;
    const schema_node* schema = catalog_.find(event.value);
    if (schema == nullptr) return;
    hold_data_to(*schema);
    checking_ = true;
}

void envelope_reader::hold_data_to(const schema_node& schema) {
    checker.emplace(schema, "/data", catalog_.reject_unknown_fields,
                    catalog_.check == schema_check::warn ? schema_checker::most_warnings : schema_checker::most_errors);
}

bool envelope_reader::refuse_duplicate(std::size_t name_end) {
    fault_ = {start_of_string(body_, name_end, false), "an object has two members of this name"};
    return false;
}

}  // namespace posthaste
