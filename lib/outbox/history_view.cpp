#include "lib/outbox/history_view.hpp"

#include <algorithm>
#include <string>

namespace posthaste {
namespace {

constexpr std::array every_state{event_state::pending, event_state::delivered, event_state::dead};
constexpr std::size_t all_states = every_state.size();

std::size_t index_of(std::optional<event_state> state) {
    return state ? static_cast<std::size_t>(*state) : all_states;
}

// The columns of one table as a row of all.
std::string part(event_state state, const char* condition) {
    const char* table = state == event_state::pending ? "events" : state == event_state::dead ? "dead" : "delivered";
    const char* delivered_at = state == event_state::delivered ? "delivered_at" : "0";
    return std::string("SELECT seq, ") + std::to_string(static_cast<int>(state)) +
           ", id, name, user_id, received_at, " + delivered_at + " FROM " + table + " WHERE " + condition;
}

std::string merged(std::optional<event_state> only, bool with_delivered, const char* condition, const char* order) {
    std::string sql;
    for (const auto state : every_state) {
        const bool wanted = only ? state == *only : with_delivered || state != event_state::delivered;
        if (wanted) {
            sql += (sql.empty() ? "" : " UNION ALL ") + part(state, condition);
        }
    }
    return sql + order;
}

}  // namespace

sqlite_result history_view::prepare(sqlite_connection& database) {
    for (std::size_t at = 0; at <= all_states; ++at) {
        const auto state = at < all_states ? std::optional{every_state[at]} : std::nullopt;
        const auto down = merged(state, true, "seq < ?1", " ORDER BY 1 DESC LIMIT ?2");
        const auto up = merged(state, false, "seq > ?1", " ORDER BY 1 LIMIT ?2");
        if (auto prepared = database.prepare(below_[index_of(state)], down.c_str()); !prepared) {
            return prepared;
        }
        if (auto prepared = database.prepare(above_[index_of(state)], up.c_str()); !prepared) {
            return prepared;
        }
    }
    return {};
}

history_view::row history_view::read(const sqlite_rows& from) {
    row one;
    one.number = static_cast<sequence>(from.integer(0));
    one.state = static_cast<event_state>(from.integer(1));
    const auto id = from.bytes(2);
    one.sound = from.type(2) == SQLITE_BLOB && id.size() == sizeof(uuid::bytes) && from.type(3) == SQLITE_TEXT &&
                from.type(4) == SQLITE_TEXT;
    if (one.sound) {
        std::ranges::copy(id, reinterpret_cast<char*>(one.id.bytes.data()));
        one.name = from.bytes(3);
        one.user_id = from.bytes(4);
    }
    one.received_at = from.time(5);
    one.delivered_at = from.time(6);
    return one;
}

result<std::vector<history_view::row>, sqlite_error> history_view::read_all(sqlite_rows rows) {
    std::vector<row> found;
    while (rows.next()) {
        found.push_back(read(rows));
    }
    if (const auto ended = rows.end(); !ended) {
        return ended.error();
    }
    return found;
}

result<std::vector<history_view::row>, sqlite_error> history_view::below(sequence before,
                                                                         std::optional<event_state> state) {
    return read_all(below_[index_of(state)].query(before, slice_rows));
}

result<std::vector<history_view::row>, sqlite_error> history_view::above(sequence after,
                                                                         std::optional<event_state> state) {
    return read_all(above_[index_of(state)].query(after, slice_rows));
}

}  // namespace posthaste
