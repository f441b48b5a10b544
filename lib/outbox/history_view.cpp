#include "lib/outbox/history_view.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <type_traits>

namespace posthaste {
namespace {

constexpr std::size_t both = 2;

std::size_t index_of(std::optional<event_state> state) {
    return !state ? both : *state == event_state::pending ? 0 : 1;
}

// Columns of one table as a row of all.
std::string part(event_state state, const char* columns, const char* condition) {
    const char* table = state == event_state::pending ? "events" : "dead";
    return std::string("SELECT seq, ") + std::to_string(static_cast<int>(state)) + columns + " FROM " + table +
           " WHERE " + condition;
}

std::string statement(std::size_t kind, const char* columns, const char* condition, const char* order) {
    const auto pending = part(event_state::pending, columns, condition);
    const auto dead = part(event_state::dead, columns, condition);
    return (kind == both ? pending + " UNION ALL " + dead : kind == 0 ? pending : dead) + order;
}

kept_event read(const sqlite_rows& from) {
    enum column : int { seq, state, id, name, user_id, received_at };
    kept_event one{.number = static_cast<sequence>(from.integer(seq)),
                   .state = static_cast<event_state>(from.integer(state))};
    const auto its_id = from.bytes(id);
    if (from.type(id) != SQLITE_BLOB || its_id.size() != sizeof(uuid::bytes) || from.type(name) != SQLITE_TEXT ||
        from.type(user_id) != SQLITE_TEXT) {
        return one;
    }
    auto& facts = one.facts.emplace();
    std::ranges::copy(its_id, reinterpret_cast<char*>(facts.id.bytes.data()));
    facts.number = one.number;
    facts.state = one.state;
    facts.name = from.bytes(name);
    facts.user_id = from.bytes(user_id);
    facts.received_at = from.time(received_at);
    return one;
}

template <class Read, class Row = std::invoke_result_t<Read, const sqlite_rows&>>
result<std::vector<Row>, sqlite_error> read_all(sqlite_rows rows, Read read_one) {
    std::vector<Row> found;
    while (rows.next()) {
        found.push_back(read_one(rows));
    }
    if (const auto ended = rows.end(); !ended) {
        return ended.error();
    }
    return found;
}

// Of both in their common order, downwards, a slice.
std::vector<kept_event> merge(std::vector<kept_event> a, std::vector<kept_event> b) {
    std::vector<kept_event> merged;
    merged.reserve(a.size() + b.size());
    std::ranges::merge(std::make_move_iterator(a.begin()), std::make_move_iterator(a.end()),
                       std::make_move_iterator(b.begin()), std::make_move_iterator(b.end()), std::back_inserter(merged),
                       std::ranges::greater{}, &kept_event::number, &kept_event::number);
    if (merged.size() > history_view::slice_rows) {
        merged.resize(history_view::slice_rows);
    }
    return merged;
}

}  // namespace

sqlite_result history_view::prepare(sqlite_connection& database, delivered_facts& delivered) {
    delivered_ = &delivered;
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        const auto down = statement(kind, ", id, name, user_id, received_at", "seq < ?1", " ORDER BY 1 DESC LIMIT ?2");
        const auto up = statement(kind, "", "seq > ?1", " ORDER BY 1 LIMIT ?2");
        if (auto prepared = database.prepare(below_[kind], down.c_str()); !prepared) {
            return prepared;
        }
        if (auto prepared = database.prepare(above_[kind], up.c_str()); !prepared) {
            return prepared;
        }
    }
    return {};
}

result<std::vector<kept_event>, sqlite_error> history_view::below(sequence before, std::optional<event_state> state) {
    const bool only_delivered = state == event_state::delivered;
    auto with_body =
        only_delivered ? std::vector<kept_event>{} : read_all(below_[index_of(state)].query(before, slice_rows), read);
    if (!with_body || (state && !only_delivered)) {
        return with_body;
    }
    const bool fills = with_body->size() == slice_rows;
    auto delivered = delivered_->below(before, fills ? with_body->back().number : 0, slice_rows);
    if (!delivered) {
        return delivered;
    }
    return merge(*std::move(with_body), *std::move(delivered));
}

result<std::vector<history_view::place>, sqlite_error> history_view::above(sequence after,
                                                                           std::optional<event_state> state) {
    return read_all(above_[index_of(state)].query(after, slice_rows), [](const sqlite_rows& from) {
        return place{static_cast<sequence>(from.integer(0)), static_cast<event_state>(from.integer(1))};
    });
}

}  // namespace posthaste
