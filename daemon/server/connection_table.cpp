#include "daemon/server/connection_table.hpp"

namespace posthaste {

void connection_table::enter(tracked_connection& connection, activity now) {
    link(connection, now);
    ++size_;
}

void connection_table::move(tracked_connection& connection, activity now) {
    unlink(connection);
    link(connection, now);
    if (now != activity::busy && on_room_) on_room_();
}

void connection_table::leave(tracked_connection& connection) {
    if (!connection.is_linked()) return;
    unlink(connection);
    --size_;
    if (on_room_) on_room_();
}

void connection_table::link(tracked_connection& connection, activity now) {
    group& into = of(now);
    into.members.push_back(connection);
    ++into.size;
    connection.note(now);
}

void connection_table::unlink(tracked_connection& connection) {
    connection.unlink();
    --of(connection.doing()).size;
}

void connection_table::resize(std::size_t most) {
    most_ = most;
    while (size_ > most_ && make_room_at_rest()) {
    }
}

bool connection_table::make_room_at_rest() {
    return evict_first(activity::lingering) || evict_first(activity::idle);
}

bool connection_table::make_room() {
    if (make_room_at_rest()) return true;
    const bool mostly_bodies = of(activity::reading_body).size > of(activity::reading_head).size;
    return (mostly_bodies && evict_first(activity::reading_body)) || evict_first(activity::reading_head) ||
           evict_first(activity::reading_body) || evict_first(activity::writing);
}

bool connection_table::evict_first(activity what) {
    for (tracked_connection& each : of(what).members)
        if (each.evict()) return true;
    return false;
}

// An action may take its connection out of its list or put it into another one, never another connection.
template <class Action>
void connection_table::for_each(Action action) {
    for (group& each : groups_)
        for (auto next = each.members.begin(); next != each.members.end();)
            action(*next++);
}

void connection_table::check_deadlines(steady_time now) {
    for_each([now](tracked_connection& connection) { connection.check_deadline(now); });
}

void connection_table::wind_up() {
    for_each([](tracked_connection& connection) { connection.wind_up(); });
}

}  // namespace posthaste
