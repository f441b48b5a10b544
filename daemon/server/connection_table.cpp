#include "daemon/server/connection_table.hpp"

namespace posthaste {

void connection_table::enter(tracked_connection& connection, activity now) {
    of(now).push_back(connection);
    ++size_;
}

void connection_table::move(tracked_connection& connection, activity now) {
    connection.unlink();
    of(now).push_back(connection);
}

void connection_table::leave(tracked_connection& connection) {
    if (!connection.is_linked()) return;
    connection.unlink();
    --size_;
    if (on_leave_) on_leave_();
}

void connection_table::resize(std::size_t most) {
    static constexpr std::array at_rest = {activity::lingering, activity::idle};
    most_ = most;
    while (size_ > most_ && evict_first(at_rest)) {
    }
}

bool connection_table::make_room() {
    static constexpr std::array in_order = {activity::lingering, activity::idle, activity::reading_head,
                                            activity::reading_body};
    return evict_first(in_order);
}

bool connection_table::evict_first(std::span<const activity> of_these) {
    for (const activity what : of_these) {
        if (of(what).empty()) continue;
        of(what).front().evict();
        return true;
    }
    return false;
}

// An action may take its connection out of its list or put it into another one, never another connection.
template <class Action>
void connection_table::for_each(Action action) {
    for (list& each : lists_)
        for (auto next = each.begin(); next != each.end();)
            action(*next++);
}

void connection_table::check_deadlines(steady_time now) {
    for_each([now](tracked_connection& connection) { connection.check_deadline(now); });
}

void connection_table::wind_up() {
    for_each([](tracked_connection& connection) { connection.wind_up(); });
}

}  // namespace posthaste
