#include "lib/event/schema_checker.hpp"

#include "lib/base/text.hpp"
#include "lib/base/time.hpp"

namespace posthaste {

namespace {

using kind = schema_node::kind;

std::string expected_text(const schema_node& node) {
    return "expected " + std::string(described(node.type));
}

std::string unknown_field_detail(std::string_view name, const schema_node& object) {
    std::vector<std::string> names;
    for (const auto& field : object.fields)
        names.push_back(field.name);
    const auto near = closest_match(name, names);
    if (near) return "is not in the schema (did you mean \"" + printable(*near) + "\"?)";
    return "is not in the schema (leave it out, or add it to the schema)";
}

}  // namespace

schema_checker::schema_checker(const schema_node& schema, std::string_view pointer, bool reject_unknown_fields,
                               std::size_t most)
    : root_(&schema), pointer_(pointer), reject_unknown_fields_(reject_unknown_fields), most_(most) {}

// Steps to the value that begins; what it is held to, null when anything goes.
const schema_node* schema_checker::next_value() {
    if (unchecked_depth_ > 0) return nullptr;
    const schema_node* expected = root_;
    if (!levels_.empty()) {
        level& around = levels_.back();
        if (around.node->type == kind::array) {
            ++around.current;
            expected = around.node->element.get();
        } else {
            expected = around.current == schema_node::no_field ? nullptr : &around.node->fields[around.current].type;
        }
    }
    if (expected == nullptr || expected->type == kind::any || errors_.size() >= most_) return nullptr;
    return expected;
}

void schema_checker::null() {
    const schema_node* expected = next_value();
    if (expected == nullptr) return;
    const std::string hint = is_optional_field() ? "; leave the field out instead" : "";
    report(pointer_here(), "is null (" + expected_text(*expected) + hint + ")");
}

void schema_checker::boolean() {
    const schema_node* expected = next_value();
    if (expected != nullptr && expected->type != kind::boolean) report_wrong_type("true or false", *expected);
}

void schema_checker::number(bool whole) {
    const schema_node* expected = next_value();
    if (expected == nullptr || expected->type == kind::number) return;
    if (expected->type != kind::integer) return report_wrong_type("a number", *expected);
    if (!whole) report_wrong_type("a number with a fraction or an exponent", *expected);
}

void schema_checker::string(std::string_view value) {
    const schema_node* expected = next_value();
    if (expected == nullptr || expected->type == kind::string) return;
    if (expected->type != kind::date) return report_wrong_type("a string", *expected);
    if (parse_rfc3339(value)) return;
    report(pointer_here(),
           "is no RFC 3339 date-time of a real day (expected one with its offset, such as 2026-11-23T13:05:09Z)");
}

void schema_checker::start_object() {
    open(kind::object);
}

void schema_checker::start_array() {
    open(kind::array);
}

void schema_checker::open(kind type) {
    const schema_node* expected = next_value();
    const bool fits = expected != nullptr && expected->type == type;
    if (expected != nullptr && !fits) report_wrong_type(described(type), *expected);
    const bool content_matters = fits && (expected->named_fields || expected->element != nullptr);
    if (!content_matters) {
        ++unchecked_depth_;
        return;
    }
    level opened;
    opened.node = expected;
    opened.current = schema_node::no_field;  // the first element's index is one more: 0
    opened.first_seen = seen_.size();
    levels_.push_back(opened);
    seen_.resize(seen_.size() + expected->fields.size(), false);
}

void schema_checker::key(std::string_view name) {
    if (unchecked_depth_ > 0) return;
    level& object = levels_.back();
    object.current = object.node->find(name, object.current + 1);
    if (object.current != schema_node::no_field) {
        seen_[object.first_seen + object.current] = true;
        object.seen_required += object.node->fields[object.current].required ? 1 : 0;
    } else if (reject_unknown_fields_) {
        report(pointer_here() + "/" + pointer_token(name), unknown_field_detail(name, *object.node));
    }
}

// The end of a level that was not checked.
bool schema_checker::skips_end() noexcept {
    if (unchecked_depth_ == 0) return false;
    --unchecked_depth_;
    return true;
}

void schema_checker::end_object() {
    if (skips_end()) return;
    level& object = levels_.back();
    object.current = schema_node::no_field;
    if (object.seen_required < object.node->required_fields) report_missing(object);
    seen_.resize(object.first_seen);
    levels_.pop_back();
}

void schema_checker::end_array() {
    if (!skips_end()) levels_.pop_back();
}

void schema_checker::report_missing(const level& object) {
    for (std::size_t i = 0; i < object.node->fields.size(); ++i) {
        const auto& field = object.node->fields[i];
        if (!field.required || seen_[object.first_seen + i]) continue;
        report(pointer_here() + "/" + pointer_token(field.name), "is missing (" + expected_text(field.type) + ")");
    }
}

void schema_checker::report_wrong_type(std::string_view found, const schema_node& expected) {
    report(pointer_here(), "is " + std::string(found) + " (" + expected_text(expected) + ")");
}

void schema_checker::report(std::string pointer, std::string detail) {
    if (errors_.size() < most_) errors_.push_back({std::move(pointer), std::move(detail)});
}

std::string schema_checker::pointer_here() const {
    std::string pointer(pointer_);
    for (const level& around : levels_) {
        if (around.current == schema_node::no_field) continue;  // at the object itself
        pointer += '/';
        pointer += around.node->type == kind::array ? std::to_string(around.current)
                                                    : pointer_token(around.node->fields[around.current].name);
    }
    return pointer;
}

bool schema_checker::is_optional_field() const noexcept {
    if (levels_.empty() || levels_.back().node->type != kind::object) return false;
    return !levels_.back().node->fields[levels_.back().current].required;
}

}  // namespace posthaste
