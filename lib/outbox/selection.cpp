#include "lib/outbox/selection.hpp"

namespace posthaste {
namespace {

constexpr std::size_t slice_rows = 500;

// Columns: seq, user_id, name, and of the dead reason and dead_at. A damaged row may hold anything in them.
bool matches(const selection_request& wanted, const sqlite_rows& row) {
    if (!wanted.user_id.empty() && row.bytes(1) != wanted.user_id) {
        return false;
    }
    if (!wanted.name.empty() && row.bytes(2) != wanted.name) {
        return false;
    }
    if (wanted.state != event_state::dead) {
        return true;
    }
    if (wanted.reason && row.bytes(3) != to_string(*wanted.reason)) {
        return false;
    }
    return !wanted.died_by || row.time(4) <= *wanted.died_by;
}

}  // namespace

sqlite_result selection::prepare(sqlite_connection& database) {
    auto prepared = database.prepare(dead_,
                                     "SELECT seq, user_id, name, reason, dead_at FROM dead "
                                     "WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?");
    return prepared ? database.prepare(pending_,
                                       "SELECT seq, user_id, name FROM events "
                                       "WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?")
                    : prepared;
}

result<selection_page, sqlite_error> selection::read(const selection_request& request) {
    selection_page out;
    out.last = request.after;
    auto& statement = request.state == event_state::dead ? dead_ : pending_;
    auto rows = statement.query(request.after, request.through, slice_rows);
    std::size_t looked_at = 0;
    while (out.numbers.size() < request.limit && rows.next()) {
        ++looked_at;
        out.last = static_cast<sequence>(rows.integer(0));
        if (matches(request, rows)) {
            out.numbers.push_back(out.last);
        }
    }
    const bool full = out.numbers.size() == request.limit;
    if (const auto read = full ? sqlite_result{} : rows.end(); !read) {
        return read.error();
    }
    out.reached_end = !full && looked_at < slice_rows;
    return out;
}

}  // namespace posthaste
