#include "lib/http/query_string.hpp"

#include <algorithm>

#include "lib/base/percent.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

std::optional<std::string> decoded(std::string_view text) {
    std::string plain(text);
    std::ranges::replace(plain, '+', ' ');
    return percent_decoded(plain);
}

std::string listed(std::span<const std::string_view> names) {
    std::string text;
    for (const std::string_view name : names)
        text.append(text.empty() ? "" : ", ").append(name);
    return text;
}

std::string what_there_is(std::span<const std::string_view> known) {
    if (known.empty()) return ": this call takes none in its query. Where it takes a filter, that stands in its body.";
    return "; there are " + listed(known) + ".";
}

}  // namespace

problem invalid_query(std::string detail) {
    return {.status = 400, .name = "invalid-query", .detail = std::move(detail)};
}

result<query_string, problem> query_string::parse(std::string_view query, std::span<const std::string_view> known) {
    query_string parsed;
    while (!query.empty()) {
        const std::string_view one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(one.size() + 1, query.size()));
        if (one.empty()) continue;
        const std::size_t equals = std::min(one.find('='), one.size());
        auto name = decoded(one.substr(0, equals));
        auto value = decoded(one.substr(std::min(equals + 1, one.size())));
        if (!name || !value) return invalid_query("The query holds a \"%\" that is not followed by two hex digits.");
        if (std::ranges::find(known, *name) == known.end())
            return invalid_query("There is no parameter \"" + printable(*name, 100) + "\" here" + what_there_is(known));
        if (parsed.get(*name)) return invalid_query("The parameter " + *name + " stands twice in the query.");
        parsed.given_.emplace_back(*std::move(name), *std::move(value));
    }
    return parsed;
}

std::optional<std::string> query_string::get(std::string_view name) const {
    for (const auto& [given, value] : given_)
        if (given == name) return value;
    return std::nullopt;
}

}  // namespace posthaste
