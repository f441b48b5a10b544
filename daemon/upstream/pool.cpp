#include "daemon/upstream/pool.hpp"

#include <algorithm>
#include <utility>

#include "lib/base/require.hpp"

namespace posthaste {

namespace {

constexpr milliseconds deadline_tick{100};
constexpr seconds idle_limit{30};

steady_time steady_now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

upstream_pool::upstream_pool(boost::asio::io_context& io, std::function<instant()> now, attempt_listener& listener)
    : io_(io), now_(std::move(now)), listener_(listener), timer_(io.get_executor()) {}

upstream_pool::~upstream_pool() {
    close();
}

void upstream_pool::use(std::shared_ptr<const upstream_peer> peer) {
    address_book addresses(io_, peer->next_host, peer->next_port);
    route_ = std::make_shared<upstream_route>(std::move(peer), std::move(addresses));
    for (const held& each : idle_)
        each->close();
    idle_.clear();
}

void upstream_pool::start(attempt what, bool on_a_new_connection) {
    REQUIRE(route_, "use() was called before");
    if (ticking_ != ticking::for_deadlines) wait_until(steady_now() + deadline_tick, ticking::for_deadlines);
    held idle = on_a_new_connection ? nullptr : take_idle();
    if (idle) {
        connection& used = *idle;
        add_active(std::move(idle));
        used.send(what);
    } else {
        auto opened = std::make_shared<connection>(io_, route_, static_cast<connection_owner&>(*this));
        add_active(opened);
        opened->open(what);
    }
}

void upstream_pool::close() {
    for (auto* const all : {&active_, &idle_}) {
        for (const held& each : *all)
            each->close();
        all->clear();
    }
    ticking_ = ticking::not_at_all;
    timer_.cancel();
}

void upstream_pool::ended(connection& by, attempt_outcome outcome) {
    const auto place = by.current().place;
    held used = remove_active(by);
    if (used->is_open() && &used->route() != route_.get()) used->close();  // use() told another way meanwhile
    if (used->is_open()) {
        used->idle_since = steady_now();
        idle_.push_back(std::move(used));
    }
    listener_.attempt_ended(place, std::move(outcome));
}

void upstream_pool::found_stale(connection& by) {
    const held used = remove_active(by);
    listener_.attempt_unsent(used->current().place);
}

upstream_pool::held upstream_pool::take_idle() {
    while (!idle_.empty()) {
        held last = std::move(idle_.back());
        idle_.pop_back();
        if (last->is_usable()) return last;
        last->close();
    }
    return nullptr;
}

void upstream_pool::add_active(held used) {
    used->index = active_.size();
    active_.push_back(std::move(used));
}

upstream_pool::held upstream_pool::remove_active(connection& used) {
    const std::size_t index = used.index;
    held removed = std::move(active_[index]);
    if (index + 1 < active_.size()) {
        active_[index] = std::move(active_.back());
        active_[index]->index = index;
    }
    active_.pop_back();
    return removed;
}

void upstream_pool::wait_until(steady_time when, ticking why) {
    ticking_ = why;
    timer_.expires_at(when);
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) tick();
    });
}

void upstream_pool::tick() {
    const auto now = steady_now();
    close_idle(now);
    const std::vector<held> looked_at = active_;  // what fails leaves the list, and may start others
    for (const held& each : looked_at)
        each->check_deadline(now);
    if (!active_.empty())
        wait_until(now + deadline_tick, ticking::for_deadlines);
    else
        tick_for_idle();
}

void upstream_pool::tick_for_idle() {
    if (idle_.empty())
        ticking_ = ticking::not_at_all;
    else
        wait_until(idle_.front()->idle_since + idle_limit, ticking::for_idle);
}

void upstream_pool::close_idle(steady_time now) {
    const auto kept =
        std::find_if(idle_.begin(), idle_.end(), [&](const held& each) { return now - each->idle_since < idle_limit; });
    for (auto each = idle_.begin(); each != kept; ++each)
        (*each)->close();
    idle_.erase(idle_.begin(), kept);
}

}  // namespace posthaste
