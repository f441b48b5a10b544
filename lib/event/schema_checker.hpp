// Holds a value to a schema while the value is being read: the parser's events go in, the errors come out.
//
// The events must be those of one well-formed JSON value without duplicate members. Memory: a few bytes for each level
// and field; at most `most` errors are kept, after which nothing is checked any more. Pure; one thread.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "lib/event/schema.hpp"

namespace posthaste {

class schema_checker {
  public:
    static constexpr std::size_t most_errors = 100;  // of an event that is refused
    static constexpr std::size_t most_warnings = 5;  // of one that is not: each is kept until its batch was read

    // `schema` must outlive this; `pointer` is the value's own place in the event ("/data").
    schema_checker(const schema_node& schema, std::string_view pointer, bool reject_unknown_fields,
                   std::size_t most = most_errors);

    void null();
    void boolean();
    void number(bool whole);  // whole: written without fraction and exponent
    void string(std::string_view value);
    void start_object();
    void key(std::string_view name);
    void end_object();
    void start_array();
    void end_array();

    [[nodiscard]] std::vector<field_error>& errors() noexcept { return errors_; }

  private:
    // An object or array that is open and whose content is checked.
    struct level {
        const schema_node* node = nullptr;
        std::size_t current = 0;        // object: the field under way, or no_field; array: the element's index
        std::size_t first_seen = 0;     // object: where its fields' marks begin in seen_
        std::size_t seen_required = 0;  // object
    };

    const schema_node* next_value();
    void open(schema_node::kind type);
    bool skips_end() noexcept;
    void report_missing(const level& object);
    void report_wrong_type(std::string_view found, const schema_node& expected);
    void report(std::string pointer, std::string detail);
    [[nodiscard]] std::string pointer_here() const;
    [[nodiscard]] bool is_optional_field() const noexcept;

    const schema_node* root_;
    std::string_view pointer_;
    bool reject_unknown_fields_;
    std::size_t most_;
    std::size_t unchecked_depth_ = 0;  // levels that are open where anything goes
    boost::container::small_vector<level, 8> levels_;
    boost::container::small_vector<bool, 64> seen_;
    std::vector<field_error> errors_;
};

}  // namespace posthaste
