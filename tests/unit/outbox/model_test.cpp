// Random operations from one seed against the real outbox on a real file, and against a model that holds everything in
// one map. To replay a failure: POSTHASTE_SEED=n outbox_tests --gtest_filter='model*'

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

// What must be so.
struct model {
    struct entry {
        uuid id;
        event what;
        event_state state = event_state::pending;
        std::uint32_t attempts = 0;
    };

    std::map<sequence, entry> all;
    std::uint64_t accepted = 0;
    std::uint64_t delivered = 0;

    [[nodiscard]] std::uint64_t count(event_state state) const {
        return static_cast<std::uint64_t>(
            std::ranges::count_if(all, [&](const auto& one) { return one.second.state == state; }));
    }
};

class walk {
  public:
    explicit walk(std::uint64_t seed) : random_(seed) {
        t_.queue.keep_delivered = pick(3) == 0 ? milliseconds{0} : std::chrono::hours{24 * 300};
        t_.queue.keep_dead = std::chrono::hours{24 * 300};
        t_.reopen();
    }

    void step() {
        t_.now += milliseconds{static_cast<int>(pick(1000))};
        switch (pick(10)) {
            case 0:
            case 1:
            case 2:
                return append();
            case 3:
                return import();
            case 4:
            case 5:
                return settle();
            case 6:
                return park_and_take();
            case 7:
                return find_one();
            case 8:
                return compare();
            default:
                if (pick(4) == 0) t_.reopen();
        }
    }

    void compare() {
        const auto& totals = t_.box->totals();
        ASSERT_EQ(totals.accepted, known_.accepted);
        ASSERT_EQ(totals.delivered, known_.delivered);
        ASSERT_EQ(totals.pending, known_.count(event_state::pending));
        ASSERT_EQ(totals.dead, known_.count(event_state::dead));
        ASSERT_TRUE(closes(totals));
        compare_pages();
        compare_list();
        compare_export();
    }

  private:
    std::uint64_t pick(std::uint64_t below) { return random_() % below; }
    event any_event() {
        return ticket("user " + std::to_string(pick(5)),
                      "{\"x\":\"" + std::string(pick(pick(10) == 0 ? 9000 : 300), 'x') + "\"}");
    }

    void append() {
        std::vector<event> events(1 + pick(40));
        for (auto& one : events)
            one = any_event();
        for (auto& stored : t_.append(events)) {
            ++known_.accepted;
            ASSERT_TRUE(known_.all.empty() || stored.number > highest_) << "numbers only grow";
            highest_ = stored.number;
            known_.all[stored.number] = {stored.id, stored.what};
        }
    }

    void import() {
        batch work;
        auto& group = work.imports.emplace_back();
        std::size_t known = 0;
        for (auto left = 1 + pick(5); left > 0; --left) {
            auto& one = group.emplace_back();
            one.what = any_event();
            one.received_at = t_.now;
            one.id = make_event_id(t_.now, 1 + pick(1'000'000), random_());
            if (pick(3) == 0 && !known_.all.empty()) {
                one.id = any()->second.id;
                ++known;
            }
        }
        const auto report = t_.commit(work).imports.at(0);
        ASSERT_EQ(report.known, known);
        for (const auto& one : work.imports[0]) {
            if (one.number == 0) continue;
            ++known_.accepted;
            highest_ = one.number;
            known_.all[one.number] = {one.id, one.what};
        }
    }

    void settle() {
        std::vector<settlement> what;
        std::map<sequence, bool> done;
        for (auto left = pick(30); left > 0 && !known_.all.empty(); --left) {
            const auto chosen = any();
            const auto number = chosen->first;
            if (chosen->second.state != event_state::pending || done[number]) continue;
            done[number] = true;
            const auto kind = pick(10);
            if (kind == 0) {
                what.push_back(dead(number, t_.now));
                chosen->second.state = event_state::dead;
            } else if (kind < 4) {
                what.push_back(failed(number, t_.now, ++chosen->second.attempts));
            } else {
                what.push_back(delivered(number, t_.now));
                ++known_.delivered;
                chosen->second.state = event_state::delivered;
                if (t_.queue.keep_delivered == milliseconds{0}) known_.all.erase(chosen);
            }
        }
        ASSERT_EQ(t_.settle(what), 0U);
    }

    void park_and_take() {
        std::vector<parked_event> parkings;
        const auto user = "user " + std::to_string(pick(5));
        std::vector<sequence> expected;
        for (const auto& [number, one] : known_.all) {
            if (one.state != event_state::pending || one.what.user_id != user || pick(2) == 0) continue;
            parkings.push_back({user, number});
            expected.push_back(number);
        }
        t_.park(parkings);
        std::vector<sequence> taken;
        lane_page page;
        do {
            page = t_.take({.user_id = user, .after = taken.empty() ? 0 : taken.back(), .below = max_sequence});
            for (const auto& one : page.events)
                taken.push_back(one.number);
        } while (page.more);
        ASSERT_EQ(taken, expected);
        t_.unpark(parkings);
    }

    void find_one() {
        if (known_.all.empty()) return;
        const auto& one = any()->second;
        const auto found = t_.find(one.id);
        ASSERT_TRUE(found);
        ASSERT_EQ(found->state, one.state);
        ASSERT_EQ(found->body.value_or(one.what.body), one.what.body);
        ASSERT_FALSE(t_.find(make_event_id(t_.now, 1 + pick(1000), random_())));
    }

    void compare_pages() {
        page read;
        auto expected = known_.all.begin();
        do {
            read = t_.read({.after = read.last, .max_events = 1 + pick(500)});
            ASSERT_TRUE(read.damaged.empty());
            for (const auto& one : read.events) {
                while (expected != known_.all.end() && expected->second.state != event_state::pending)
                    ++expected;
                ASSERT_NE(expected, known_.all.end());
                ASSERT_EQ(one.number, expected->first);
                ASSERT_EQ(one.id, expected->second.id);
                ASSERT_EQ(one.what.body, expected->second.what.body);
                ASSERT_EQ(one.history ? one.history->attempts : 0, expected->second.attempts);
                ++expected;
            }
        } while (!read.reached_end);
        for (; expected != known_.all.end(); ++expected)
            ASSERT_NE(expected->second.state, event_state::pending);
    }

    void compare_list() {
        auto expected = known_.all.rbegin();
        list_page page;
        page.last = max_sequence + 1;
        while (!page.reached_end) {
            page = t_.box->list({.before = page.last, .limit = 1 + pick(500)}, t_.now).value();
            for (const auto& one : page.events) {
                ASSERT_NE(expected, known_.all.rend());
                ASSERT_EQ(one.id, expected->second.id);
                ASSERT_EQ(one.state, expected->second.state);
                ++expected;
            }
        }
        ASSERT_EQ(expected, known_.all.rend());
    }

    void compare_export() {
        std::map<sequence, std::string> bodies;
        for (const auto& [number, one] : known_.all)
            if (one.state != event_state::delivered) bodies[number] = one.what.body;
        auto expected = bodies.begin();
        export_page slice;
        while (!slice.reached_end) {
            slice = t_.box->export_slice({.after = slice.last, .max_bytes = 1 + pick(100'000)}).value();
            for (const auto& one : slice.events) {
                ASSERT_NE(expected, bodies.end());
                ASSERT_EQ(one.what.body, expected->second);
                ++expected;
            }
        }
        ASSERT_EQ(expected, bodies.end());
    }

    std::map<sequence, model::entry>::iterator any() {
        return std::next(known_.all.begin(), static_cast<std::ptrdiff_t>(pick(known_.all.size())));
    }

    std::mt19937_64 random_;
    temporary_outbox t_;
    model known_;
    sequence highest_ = 0;
};

TEST(model, the_outbox_does_what_a_map_would) {
    const char* const given = std::getenv("POSTHASTE_SEED");
    const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    for (std::uint64_t seed = first; seed < first + (given != nullptr ? 1 : 4); ++seed) {
        SCOPED_TRACE("POSTHASTE_SEED=" + std::to_string(seed));
        std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
        walk one(seed);
        for (int steps = 0; steps < 400; ++steps) {
            one.step();
            if (::testing::Test::HasFatalFailure()) return;
        }
        one.compare();
        if (::testing::Test::HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace posthaste
