#include "lib/sandbox/message_template.hpp"

#include <utility>
#include <vector>

#include <kainjow/mustache.hpp>
#include <nlohmann/json.hpp>

#include "lib/base/require.hpp"

namespace posthaste {

namespace {

namespace mustache = kainjow::mustache;

// Turns the body into the template's data in one SAX pass, so that a number keeps the digits it was posted with.
class data_builder : public nlohmann::json_sax<nlohmann::json> {
  public:
    bool null() override { return add(mustache::data(false)); }
    bool boolean(bool value) override { return add(value ? mustache::data("true") : mustache::data(false)); }
    bool number_integer(std::int64_t value) override { return add(mustache::data(std::to_string(value))); }
    bool number_unsigned(std::uint64_t value) override { return add(mustache::data(std::to_string(value))); }
    bool number_float(double, const std::string& digits) override { return add(mustache::data(digits)); }
    bool string(std::string& value) override { return add(mustache::data(value)); }
    bool binary(nlohmann::json::binary_t&) override { return false; }

    bool start_object(std::size_t) override { return open(mustache::data::type::object); }
    bool start_array(std::size_t) override { return open(mustache::data::type::list); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(std::string& name) override {
        open_.back().name = name;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override { return false; }

    mustache::data root;

  private:
    struct level {
        mustache::data value;
        std::string name;  // object: of the member that comes next
    };

    bool open(mustache::data::type type) {
        open_.push_back({mustache::data(type), {}});
        return true;
    }

    bool close() {
        mustache::data finished = std::move(open_.back().value);
        open_.pop_back();
        return add(std::move(finished));
    }

    bool add(mustache::data value) {
        if (open_.empty())
            root = std::move(value);
        else if (open_.back().value.is_object())
            open_.back().value[open_.back().name] = std::move(value);
        else
            open_.back().value.push_back(value);
        return true;
    }

    std::vector<level> open_;
};

// A partial would take its template from the event's own text, which could include itself without end.
class context_without_partials final : public mustache::context<std::string> {
  public:
    using mustache::context<std::string>::context;
    const mustache::data* get_partial(const std::string&) const override { return nullptr; }
};

}  // namespace

struct message_template::impl {
    mustache::mustache compiled;
};

message_template::message_template(std::unique_ptr<impl> compiled) : impl_(std::move(compiled)) {}
message_template::message_template(message_template&&) noexcept = default;
message_template& message_template::operator=(message_template&&) noexcept = default;
message_template::~message_template() = default;

result<message_template, std::string> message_template::compile(const std::string& text) {
    mustache::mustache compiled(text);
    if (!compiled.is_valid()) return compiled.error_message();
    compiled.set_custom_escape([](const std::string& value) { return slack_escape(value); });
    return message_template(std::make_unique<impl>(impl{std::move(compiled)}));
}

std::string message_template::render(std::string_view body) const {
    data_builder builder;
    const bool sound = nlohmann::json::sax_parse(body.begin(), body.end(), &builder);
    REQUIRE(sound, "the body was checked before it came here");
    const mustache::data* data = builder.root.get("data");
    REQUIRE(data, "the envelope was checked before it came here");
    context_without_partials context(data);
    return impl_->compiled.render(context);
}

std::string slack_escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

}  // namespace posthaste
