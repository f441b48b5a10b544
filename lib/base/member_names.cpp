#include "lib/base/member_names.hpp"

#include <algorithm>

#include "lib/base/require.hpp"

namespace posthaste {

namespace {

// Up to here one comparison with each is cheaper than sorting.
constexpr std::size_t few_names = 16;

}  // namespace

member_names::member_names(std::string_view text) : text_(text) {
    REQUIRE(text.size() < (std::size_t{1} << 31), "places in the text have 31 bits");
}

std::string_view member_names::name_at(const place& where) const noexcept {
    return (where.copied ? std::string_view(copies_) : text_).substr(where.start, where.size);
}

void member_names::open_object() {
    objects_.push_back({static_cast<std::uint32_t>(names_.size()), static_cast<std::uint32_t>(copies_.size())});
}

std::optional<std::size_t> member_names::add(std::string_view name, std::size_t end) {
    const std::size_t first = objects_.back().first_name;
    if (names_.size() - first < few_names) {
        for (std::size_t i = first; i < names_.size(); ++i) {
            if (name_at(names_[i]) == name) return end;
        }
    }

    place where;
    where.size = static_cast<std::uint32_t>(name.size());
    where.end = static_cast<std::uint32_t>(end);
    const std::size_t closing_quote = end - 1;
    if (name.size() <= closing_quote && text_.substr(closing_quote - name.size(), name.size()) == name) {
        where.start = static_cast<std::uint32_t>(closing_quote - name.size());
    } else {
        where.copied = 1;
        where.start = static_cast<std::uint32_t>(copies_.size());
        copies_ += name;
    }
    names_.push_back(where);
    return std::nullopt;
}

std::optional<std::size_t> member_names::close_object() {
    const object closed = objects_.back();
    std::optional<std::size_t> duplicate;
    if (names_.size() - closed.first_name > few_names) duplicate = find_among_many(closed.first_name);
    names_.resize(closed.first_name);
    copies_.resize(closed.copies_size);
    objects_.pop_back();
    return duplicate;
}

std::optional<std::size_t> member_names::find_among_many(std::size_t first) {
    const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(begin, names_.end(), [this](const place& a, const place& b) {
        const int order = name_at(a).compare(name_at(b));
        return order != 0 ? order < 0 : a.end < b.end;
    });
    std::optional<std::size_t> earliest;
    for (auto at = begin + 1; at < names_.end(); ++at) {
        if (name_at(at[-1]) != name_at(*at)) continue;
        earliest = std::min<std::size_t>(earliest.value_or(at->end), at->end);
    }
    return earliest;
}

}  // namespace posthaste
