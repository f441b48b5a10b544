#include "daemon/store/store_thread.hpp"

#include <algorithm>
#include <exception>
#include <thread>

#include <spdlog/spdlog.h>

#include "daemon/store/answers.hpp"
#include "daemon/store/fail_stop.hpp"
#include "lib/base/require.hpp"
#include "lib/base/text.hpp"

namespace posthaste {
namespace {

constexpr milliseconds pause_when_stuck{100};
constexpr unsigned tries_at_the_end = 20;
// Facts may outlive their time by this much on an idle daemon, which so wakes once for many of them.
constexpr milliseconds trim_delay = seconds{60};

}  // namespace

store_thread::store_thread(std::unique_ptr<outbox> box, store_options options, boost::asio::io_context& accept,
                           boost::asio::io_context& delivery, commit_queue<store_batch>& queue,
                           std::atomic<store_gate>& gate)
    : box_(std::move(box)),
      options_(std::move(options)),
      accept_(accept),
      delivery_(delivery),
      queue_(queue),
      gate_(gate),
      disk_(folder_of(options_.queue.path), options_.queue.disk_reserve) {}

void store_thread::run(commit_listener* listener) noexcept {
    listener_ = listener;
    try {
        serve();
        finish();
    } catch (const std::exception& broken) {
        const std::string reason = "an exception escaped on the store thread: " + printable(broken.what());
        REQUIRE(false, reason.c_str());
    }
}

void store_thread::serve() {
    while (true) {
        auto taken = queue_.take(patience());
        if (!taken && queue_.finished() && (!held_ || ++tries_after_close_ > tries_at_the_end)) {
            return;
        }
        commit(taken ? std::move(*taken) : store_batch{});
        keep_house();
    }
}

std::optional<milliseconds> store_thread::patience() {
    if (held_) {
        return pause_when_stuck;
    }
    const auto due = box_->next_trim();
    if (!due) {
        fail(due.error(), {});
    }
    if (!*due) {
        return std::nullopt;
    }
    const auto left = **due - options_.now().wall;
    return left <= milliseconds{0} ? milliseconds{0} : left + trim_delay;
}

void store_thread::commit(store_batch taken) {
    if (held_) {
        held_->join(std::move(taken));
        taken = std::move(*held_);
    }
    const auto now = options_.now();
    const bool disk_full = held_ || (!taken.work.appends.empty() && disk_.low(now.steady));
    auto outcome =
        commit_batch(*box_, taken.work, {.now = now.wall, .refuse_appends = disk_full, .random = options_.random});
    if (!outcome) {
        fail(outcome.error(), std::move(taken.append_replies));
    }
    answer_appends(accept_, taken, outcome->appends);
    if (outcome->stuck) {
        hold(std::move(taken));
        return;
    }
    held_.reset();
    report_unknown(outcome->unknown_settlements);
    tell_delivery(delivery_, listener_, taken, *outcome);
    look_up(taken.lookups);
}

// Nothing was written, as the disk has no room: delivery hears of its settlements once they are, and so sends nothing
// new in the meantime.
void store_thread::hold(store_batch rest) {
    rest.work.appends.clear();
    held_ = std::move(rest);
    look_up(held_->lookups);
    held_->lookups.clear();
    warn_full("what became of events cannot be recorded, so nothing more is sent until there is room");
    if (const auto done = box_->checkpoint(); !done && !done.error().is_full()) {
        fail(done.error(), {});
    }
    std::this_thread::sleep_for(pause_when_stuck);
}

void store_thread::look_up(std::vector<lookup>& lookups) {
    std::vector<lookup_answer> answers;
    answers.reserve(lookups.size());
    for (auto& one : lookups) {
        answers.push_back(std::visit([this](auto& asked) { return answer(asked); }, one));
    }
    answer_lookups(accept_, std::move(answers));
}

lookup_answer store_thread::answer(find_lookup& asked) {
    auto found = box_->find(asked.id, options_.now().wall);
    if (!found) {
        fail(found.error(), {});
    }
    return [reply = std::move(asked.reply), facts = std::move(*found)]() mutable { reply(std::move(facts)); };
}

lookup_answer store_thread::answer(status_lookup& asked) {
    const auto oldest = box_->oldest_pending();
    if (!oldest) {
        fail(oldest.error(), {});
    }
    store_status status{.totals = box_->totals(),
                        .oldest_pending = *oldest,
                        .queue_full = box_->is_full(),
                        .disk_full = held_ || disk_.low(options_.now().steady)};
    return [reply = std::move(asked.reply), status] { reply(status); };
}

void store_thread::keep_house() {
    if (!box_->checkpoint_due()) {
        return;
    }
    if (const auto done = box_->checkpoint(); !done) {
        if (!done.error().is_full()) {
            fail(done.error(), {});
        }
        warn_full("the write-ahead log cannot be copied into the database yet");
    }
}

void store_thread::finish() {
    if (held_) {
        spdlog::error(
            "the outbox's disk is full to the end: what became of {} events could not be recorded, and they "
            "will be sent again",
            held_->work.settlements.size());
    }
    if (const auto done = box_->checkpoint_whole(); !done) {
        if (!done.error().is_full()) {
            fail(done.error(), {});
        }
        warn_full("the next start copies the write-ahead log");
    }
    box_.reset();
}

void store_thread::report_unknown(std::size_t settlements) {
    if (settlements > 0 && !told_unknown_) {
        told_unknown_ = true;
        spdlog::warn(
            "{} outcomes were reported of events that are not pending, and ignored; further ones are not "
            "logged",
            settlements);
    }
}

void store_thread::warn_full(const char* what) {
    if (const auto held_back = full_warnings_.admit(options_.now().steady)) {
        spdlog::warn("the disk of the outbox {} is full: {}; make room there ({} more such lines held back)",
                     printable(options_.queue.path, 1024), what, *held_back);
    }
}

void store_thread::fail(sqlite_error error, std::vector<append_reply> waiting) {
    gate_ = store_gate::failed;
    queue_.close();
    while (auto rest = queue_.take()) {
        std::ranges::move(rest->append_replies, std::back_inserter(waiting));
    }
    fail_stop(accept_, delivery_,
              {.path = options_.queue.path,
               .why = box_->explain(error),
               .damaged = error.is_damage(),
               .waiting = std::move(waiting)});
}

}  // namespace posthaste
