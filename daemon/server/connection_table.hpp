// The open connections of a listener, by what they are doing, the longest at it first: who is swept, and who has to go
// when there are too many. All in constant time but the sweep. Belongs to the listener's thread.

#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>

#include <boost/intrusive/list.hpp>

#include "lib/base/time.hpp"

namespace posthaste {

// A connection as the table sees it. Not owned by the table; leaves it before it is destroyed.
class tracked_connection
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    // Looks whether a deadline has passed, and acts.
    virtual void check_deadline(steady_time now) = 0;
    // Has to go at once: its place is needed.
    virtual void evict() = 0;
    // The listener stops: end as soon as what was read is answered.
    virtual void wind_up() = 0;

  protected:
    ~tracked_connection() = default;
};

// What a connection is doing, in the order in which they go when room is needed.
enum class activity { lingering, idle, reading_head, reading_body, busy };

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
    // Runs after each leave().
    void on_leave(std::function<void()> callback) { on_leave_ = std::move(callback); }

    // Evicts one; false when all are busy with requests that were read.
    bool make_room();
    void check_deadlines(steady_time now);
    void wind_up();

  private:
    using list = boost::intrusive::list<tracked_connection, boost::intrusive::constant_time_size<false>>;

    list& of(activity what) noexcept { return lists_[static_cast<std::size_t>(what)]; }
    template <class Action>
    void for_each(Action action);

    bool evict_first(std::span<const activity> of_these);

    std::size_t most_;
    std::size_t size_ = 0;
    std::array<list, 5> lists_;
    std::function<void()> on_leave_;
};

}  // namespace posthaste
