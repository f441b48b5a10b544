#include "lib/base/located_json.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include <nlohmann/json.hpp>

#include "lib/base/member_names.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr std::size_t max_depth = 64;
constexpr std::size_t max_bytes = std::size_t{1} << 30;

// Builds the tree from the parser's events. The events carry no places, but the tokens come in the text's order: each
// one's start is found by skipping what stands between two tokens.
class tree_builder {
  public:
    explicit tree_builder(std::string_view text) : text_(text), names_(text) {}

    located_json root;
    std::optional<located_fault> fault;

    bool null() { return scalar(located_json::kind::null, skip_word()) != nullptr; }

    bool boolean(bool value) {
        scalar(located_json::kind::boolean, skip_word())->boolean = value;
        return true;
    }

    bool number_integer(std::int64_t value) {
        located_json* number = scalar(located_json::kind::integer, skip_word());
        number->integer = value;
        number->number = static_cast<double>(value);
        return true;
    }

    bool number_unsigned(std::uint64_t value) {
        if (value <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
            return number_integer(static_cast<std::int64_t>(value));
        }
        return number_float(static_cast<double>(value), std::to_string(value));
    }

    bool number_float(double value, const std::string& written) {
        located_json* number = scalar(located_json::kind::number, skip_word());
        number->number = value;
        number->string = written;
        return true;
    }

    bool string(std::string& value) {
        scalar(located_json::kind::string, skip_string())->string = std::move(value);
        return true;
    }

    bool binary(nlohmann::json::binary_t&) { return false; }  // not in JSON texts

    bool start_object(std::size_t) {
        names_.open_object();
        return open(located_json::kind::object);
    }

    bool key(std::string& name) {
        const std::size_t start = skip_string();
        if (const auto duplicate = names_.add(name, cursor_)) return refuse_duplicate(*duplicate);
        open_.back()->members.push_back({std::move(name), place(start), {}});
        return true;
    }

    bool end_object() {
        close();
        if (const auto duplicate = names_.close_object()) return refuse_duplicate(*duplicate);
        return true;
    }

    bool start_array(std::size_t) { return open(located_json::kind::array); }

    bool end_array() {
        close();
        return true;
    }

    bool parse_error(std::size_t read, const std::string&, const nlohmann::json::exception&) {
        json_fault found = explain_json_fault(text_, read, true);
        fault = located_fault{location_of(text_, found.offset), std::move(found.what)};
        return false;
    }

  private:
    // The node that the value under way becomes.
    located_json* add(located_json::kind type, std::size_t start) {
        located_json* node = &root;
        if (!open_.empty()) {
            located_json* parent = open_.back();
            node = parent->type == located_json::kind::array ? &parent->elements.emplace_back()
                                                             : &parent->members.back().value;
        }
        node->type = type;
        node->where = place(start);
        return node;
    }

    located_json* scalar(located_json::kind type, std::size_t start) { return add(type, start); }

    bool open(located_json::kind type) {
        const std::size_t start = skip_to_token();
        cursor_ = start + 1;
        if (open_.size() == max_depth) {
            fault = located_fault{place(start), "objects and arrays are nested more than 64 deep"};
            return false;
        }
        open_.push_back(add(type, start));
        return true;
    }

    void close() {
        cursor_ = skip_to_token() + 1;
        open_.pop_back();
    }

    bool refuse_duplicate(std::size_t name_end) {
        const std::size_t start = start_of_string(text_, name_end, true);
        fault = located_fault{location_of(text_, start),
                              "duplicate member " + printable(text_.substr(start, name_end - start))};
        return false;
    }

    // The start of the next token, from the end of the last one.
    std::size_t skip_to_token() const {
        std::size_t at = cursor_;
        while (at < text_.size()) {
            if (text_[at] == '/') {
                const bool line = text_.substr(at).starts_with("//");
                at = line ? text_.find_first_of("\r\n", at) : text_.find("*/", at + 2) + 2;
            } else if (std::string_view(" \t\r\n,:").find(text_[at]) != std::string_view::npos) {
                ++at;
            } else {
                break;
            }
        }
        return at;
    }

    std::size_t skip_string() {
        const std::size_t start = skip_to_token();
        cursor_ = end_of_string(text_, start);
        return start;
    }

    std::size_t skip_word() {
        const std::size_t start = skip_to_token();
        cursor_ = std::min(text_.find_first_of(" \t\r\n,:]}/", start), text_.size());
        return start;
    }

    // Places come in rising order: each is counted on from the one before.
    location place(std::size_t offset) {
        for (; counted_ < offset; ++counted_) {
            if (text_[counted_] == '\n') {
                ++here_.line;
                here_.column = 1;
            } else {
                ++here_.column;
            }
        }
        return here_;
    }

    std::string_view text_;
    member_names names_;
    std::vector<located_json*> open_;
    std::size_t cursor_ = 0;
    std::size_t counted_ = 0;
    location here_;
};

}  // namespace

const located_json* located_json::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(members, name, &member::name);
    return found == members.end() ? nullptr : &found->value;
}

std::string_view located_json::described() const noexcept {
    switch (type) {
        case kind::null:
            return "null";
        case kind::boolean:
            return "true or false";
        case kind::integer:
            return "a whole number";
        case kind::number:
            return "a number";
        case kind::string:
            return "a string";
        case kind::array:
            return "an array";
        case kind::object:
            return "an object";
    }
    return "a value";
}

result<located_json, located_fault> parse_located_json(std::string_view text) {
    if (text.size() > max_bytes) return located_fault{{}, "the text is over 1 GiB"};
    if (auto hidden = find_hidden_json_fault(text)) {
        return located_fault{location_of(text, hidden->offset), std::move(hidden->what)};
    }
    tree_builder builder(text);
    constexpr bool to_the_end = true;
    constexpr bool comments = true;
    const bool well_formed = nlohmann::json::sax_parse(text.begin(), text.end(), &builder,
                                                       nlohmann::json::input_format_t::json, to_the_end, comments);
    if (!well_formed) return std::move(*builder.fault);
    return std::move(builder.root);
}

}  // namespace posthaste
