// A store in memory that keeps the promises of the real one: calls are worked off in their order, a batch at a time;
// replies come in the order of the batches; a crash loses what was not committed. What is parked stays so over a crash;
// a page hands out beyond the mark, and what an earlier run had parked there is not parked any more.

#pragma once

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lib/delivery/delivery_machine.hpp"

namespace posthaste::testing {

class simulated_store {
  public:
    struct fate {
        settlement::kind kind;
        death_reason reason;
        attempt_history history;
    };

    void append(pending_event event) { calls_.emplace_back(std::move(event)); }
    void settle(settlement what) { calls_.emplace_back(std::move(what)); }
    void park(std::vector<parked_event> events) { calls_.emplace_back(std::move(events)); }
    void mark_parked(sequence through) { calls_.emplace_back(mark{through}); }
    void unpark(std::vector<parked_event> events) { calls_.emplace_back(over{std::move(events)}); }
    void remember(upstream_memory what) { calls_.emplace_back(std::move(what)); }
    void fetch_parked_lanes(parked_lanes_request request) { calls_.emplace_back(std::move(request)); }
    void fetch(page_request request) { calls_.emplace_back(request); }
    void fetch_lane(lane_request request) { calls_.emplace_back(std::move(request)); }

    [[nodiscard]] bool has_calls() const { return !calls_.empty(); }
    [[nodiscard]] bool has_replies() const { return !replies_.empty(); }

    occurrence next_reply() {
        occurrence next = std::move(replies_.front());
        replies_.pop_front();
        return next;
    }

    // Commits the first calls, settlements before all else, and replies. The hint may come before or after the other
    // replies of its batch.
    void commit(std::mt19937_64& random) {
        events_committed hint;
        std::size_t settled = 0;
        answers given;
        const auto end = calls_.begin() + static_cast<std::ptrdiff_t>(1 + random() % calls_.size());
        std::stable_partition(calls_.begin(), end,
                              [](const call& each) { return std::holds_alternative<settlement>(each); });
        for (auto each = calls_.begin(); each != end; ++each)
            std::visit([&](auto& next) { run(next, hint, settled, given); }, *each);
        calls_.erase(calls_.begin(), end);
        if (settled > 0) given.push_front(settlements_confirmed{settled});
        if (!hint.events.empty()) {
            if (random() % 2 == 0)
                given.push_front(std::move(hint));
            else
                given.push_back(std::move(hint));
        }
        for (auto& reply : given)
            replies_.push_back(std::move(reply));
    }

    // Returns how many events were never acknowledged: those with the highest numbers.
    std::size_t crash() {
        const auto lost = std::count_if(calls_.begin(), calls_.end(),
                                        [](const call& each) { return std::holds_alternative<pending_event>(each); });
        calls_.clear();
        replies_.clear();
        last_of_earlier_run_ = pending.empty() ? 0 : pending.rbegin()->first;
        return static_cast<std::size_t>(lost);
    }

    // An event that the next run would not find.
    [[nodiscard]] std::optional<sequence> unfindable() const {
        for (const auto& [number, event] : pending) {
            if (number > mark_) break;
            const auto lane = parked_.find(event.what.user_id);
            if (lane == parked_.end() || !lane->second.contains(number)) return number;
        }
        return std::nullopt;
    }
    [[nodiscard]] sequence marked() const { return mark_; }

    std::map<sequence, pending_event> pending;
    std::map<sequence, fate> gone;
    upstream_memory upstream;             // as it was remembered last
    std::size_t unknown_settlements = 0;  // of events that were not pending

  private:
    struct mark {
        sequence through;
    };
    struct over {
        std::vector<parked_event> events;
    };
    using call = std::variant<pending_event, settlement, std::vector<parked_event>, mark, over, page_request,
                              lane_request, parked_lanes_request, upstream_memory>;
    using answers = std::deque<occurrence>;

    void run(pending_event& event, events_committed& hint, std::size_t&, answers&) {
        hint.events.push_back(event);
        newest_ = event.number;
        pending.emplace(event.number, std::move(event));
    }

    void run(settlement& what, events_committed&, std::size_t& settled, answers&) {
        ++settled;
        const auto found = pending.find(what.number);
        if (found == pending.end()) {
            if (what.what != settlement::kind::discarded) ++unknown_settlements;
            return;
        }
        if (what.what == settlement::kind::failed) {
            found->second.history = std::move(what.history);
            return;
        }
        gone.emplace(what.number, fate{what.what, what.reason, std::move(what.history)});
        pending.erase(found);
    }

    void run(std::vector<parked_event>& events, events_committed&, std::size_t&, answers&) {
        for (const auto& each : events)
            parked_[each.user_id].insert(each.number);
    }

    void run(mark& to, events_committed&, std::size_t&, answers&) { mark_ = std::max(mark_, to.through); }

    void run(upstream_memory& what, events_committed&, std::size_t&, answers&) { upstream = std::move(what); }

    void run(over& settled, events_committed&, std::size_t&, answers&) {
        for (const auto& each : settled.events)
            parked_[each.user_id].erase(each.number);
    }

    void run(parked_lanes_request& request, events_committed&, std::size_t&, answers& to) {
        parked_lanes found{.user_ids = {}, .last = request.after, .mark = mark_, .reached_end = true};
        auto next = request.after ? parked_.upper_bound(*request.after) : parked_.begin();
        for (std::size_t left = 3; next != parked_.end(); ++next) {
            if (next->second.empty()) continue;
            if (left-- == 0) {
                found.reached_end = false;
                break;
            }
            if (*next->second.begin() <= mark_) found.user_ids.push_back(next->first);
            found.last = next->first;
        }
        to.push_back(parked_lanes_arrived{std::move(found)});
    }

    void run(page_request& request, events_committed&, std::size_t&, answers& to) {
        page read{.events = {}, .damaged = {}, .last = request.after};
        std::size_t bytes = 0;
        auto next = pending.upper_bound(request.after);
        for (; next != pending.end() && read.events.size() < request.max_events; ++next) {
            bytes += next->second.what.body.size();
            if (!read.events.empty() && bytes > request.max_bytes) break;
            read.events.push_back(next->second);
            read.last = next->first;
            if (next->first <= last_of_earlier_run_) parked_[next->second.what.user_id].erase(next->first);
        }
        read.reached_end = next == pending.end();
        if (read.reached_end) read.last = std::max(read.last, newest_);
        to.push_back(page_arrived{std::move(read)});
    }

    void run(lane_request& request, events_committed&, std::size_t&, answers& to) {
        lane_page read{.user_id = request.user_id, .events = {}, .damaged = {}};
        auto& rows = parked_[request.user_id];
        for (auto next = rows.upper_bound(request.after); next != rows.end() && *next < request.below;) {
            if (read.events.size() == request.max_events) {
                read.more = true;
                break;
            }
            const auto found = pending.find(*next);
            if (found != pending.end()) read.events.push_back(found->second);
            next = found != pending.end() ? std::next(next) : rows.erase(next);
        }
        to.push_back(lane_page_arrived{std::move(read)});
    }

    std::deque<call> calls_;
    answers replies_;
    std::map<std::string, std::set<sequence>> parked_;
    sequence mark_ = 0;
    sequence newest_ = 0;  // that was stored
    sequence last_of_earlier_run_ = 0;
};

}  // namespace posthaste::testing
