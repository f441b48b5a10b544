// The open connections of a listener, by what they are doing, the longest at it first: who is swept, and who has to go
// when there are too many. All in constant time but the sweep. Belongs to the listener's thread.

#pragma once

#include <array>
#include <cstddef>
#include <functional>

#include <boost/intrusive/list.hpp>

#include "lib/base/time.hpp"

namespace posthaste {

// What a connection is doing. A new one is reading its first head, though nothing of it has come yet; who writes has a
// peer that does not take its answer.
enum class activity { lingering, idle, reading_head, reading_body, writing, busy };

// A connection as the table sees it. Not owned by the table; leaves it before it is destroyed.
class tracked_connection
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    // Looks whether a deadline has passed, and acts.
    virtual void check_deadline(steady_time now) = 0;
    // Has to go at once: its place is needed. False: it stays, as it only seems to be idle.
    [[nodiscard]] virtual bool evict() = 0;
    // The listener stops: end as soon as what was read is answered.
    virtual void wind_up() = 0;

    [[nodiscard]] activity doing() const noexcept { return doing_; }
    void note(activity now) noexcept { doing_ = now; }  // the table's

  protected:
    ~tracked_connection() = default;

  private:
    activity doing_ = activity::idle;
};

class connection_table {
  public:
    explicit connection_table(std::size_t most) : most_(most) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool is_full() const noexcept { return size_ >= most_; }

    // Another bound. Where it is lower, those that are idle go at once; the others may finish what they are at.
    void resize(std::size_t most);

    void enter(tracked_connection& connection, activity now);
    void move(tracked_connection& connection, activity now);
    void leave(tracked_connection& connection);
    // Runs whenever there may be room that was not there before: after each leave(), and when a connection turns to
    // something that it could be evicted from.
    void on_room(std::function<void()> callback) { on_room_ = std::move(callback); }

    // Evicts the connection that has been idle the longest, else the slowest head, else the slowest body, else who
    // takes its answer the slowest. Where bodies outnumber heads the slowest body goes first: a new connection must not
    // be the only head among a thousand slow bodies. False when all are busy with requests that were read.
    bool make_room();
    // Evicts one that has nothing to lose, if there is one.
    bool make_room_at_rest();
    void check_deadlines(steady_time now);
    void wind_up();

  private:
    using list = boost::intrusive::list<tracked_connection, boost::intrusive::constant_time_size<false>>;
    struct group {
        list members;
        std::size_t size = 0;
    };

    group& of(activity what) noexcept { return groups_[static_cast<std::size_t>(what)]; }
    template <class Action>
    void for_each(Action action);

    void link(tracked_connection& connection, activity now);
    void unlink(tracked_connection& connection);
    bool evict_first(activity what);

    std::size_t most_;
    std::size_t size_ = 0;
    std::array<group, 6> groups_;
    std::function<void()> on_room_;
};

}  // namespace posthaste
