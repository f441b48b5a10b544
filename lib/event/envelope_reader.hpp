// Takes the events of nlohmann's SAX parser over an event's body and keeps what they tell: the envelope, the errors of
// data against its schema, or the fault that ends the reading. See envelope.hpp for the rules. The same of our own
// scanner, which is quicker and reads what is plainly sound (plain_scanner.hpp).
//
// No value is copied but the two names. One reader a body; one thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "lib/base/json_fault.hpp"
#include "lib/base/member_names.hpp"
#include "lib/event/catalog.hpp"
#include "lib/event/schema_checker.hpp"

namespace posthaste {

// One of the two names of the envelope, and what was found in its place.
struct envelope_name {
    enum class state { missing, null, another_type, empty, too_long, good };

    state found = state::missing;
    std::string value;  // when good
};

class envelope_reader {
  public:
    // Both must outlive this.
    envelope_reader(std::string_view body, const event_catalog& catalog);

    // False when the body is malformed: then fault() says why.
    [[nodiscard]] bool read();
    [[nodiscard]] json_fault& fault() noexcept { return fault_; }
    // Reads it by the scanner, data by its schema included. False: nothing of what was read counts; a new reader is to
    // read() it.
    [[nodiscard]] bool read_plainly();

    bool top_level_is_object = false;
    bool data_found = false;
    bool data_is_object = false;
    envelope_name event;
    envelope_name user_id;
    std::optional<schema_checker> checker;  // once data was held to a schema

    // Holds data to `schema` by reading it once more, when "event" stood behind it.
    void check_data(const schema_node& schema);

    // The parser's events.
    bool null();
    bool boolean(bool value);
    bool number_integer(std::int64_t value);
    bool number_unsigned(std::uint64_t value);
    bool number_float(double value, const std::string& text);
    bool string(std::string& value);
    bool binary(nlohmann::json::binary_t& value);
    bool start_object(std::size_t size);
    bool key(std::string& name);
    bool end_object();
    bool start_array(std::size_t size);
    bool end_array();
    bool parse_error(std::size_t read, const std::string& token, const nlohmann::json::exception& error);

    // The scanner's, where they differ.
    bool start_object() { return start_object(0); }
    bool start_array() { return start_array(0); }
    bool name(std::string_view name);
    bool text(std::string_view value, bool escaped);
    void number(bool whole);

  private:
    enum class member { event, user_id, data, other };

    [[nodiscard]] bool in_envelope() const noexcept { return depth_ == 1; }
    [[nodiscard]] std::string_view data() const noexcept { return body_.substr(data_start_, data_end_ - data_start_); }
    void envelope_value(envelope_name::state found_for_a_name);
    void envelope_string(std::string_view value);
    [[nodiscard]] envelope_name* name_under_way() noexcept;
    [[nodiscard]] bool open();
    void begin_data();
    void hold_data_to(const schema_node& schema);
    [[nodiscard]] bool refuse_duplicate(std::size_t name_end);
    [[nodiscard]] std::size_t offset() const noexcept { return static_cast<std::size_t>(position_ - body_.data()); }

    std::string_view body_;
    const event_catalog& catalog_;
    const char* position_ = nullptr;
    std::size_t depth_ = 0;
    member member_ = member::other;
    bool checking_ = false;  // inside data, and it is held to a schema
    std::size_t data_start_ = 0;
    std::size_t data_end_ = 0;
    member_names names_;
    json_fault fault_;
};

}  // namespace posthaste
