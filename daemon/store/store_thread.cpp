#include "daemon/store/store_thread.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/store/answers.hpp"
#include "daemon/store/fail_stop.hpp"
#include "lib/base/path_text.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/run_guarded.hpp"
#include "lib/outbox/row_sum.hpp"

namespace posthaste {
namespace {

constexpr milliseconds pause_when_stuck{100};
constexpr milliseconds look_at_disk = seconds{1};
constexpr std::size_t lookups_a_commit = 4;
constexpr unsigned tries_at_the_end = 20;
// Facts may outlive their time by this much on an idle daemon, which so wakes once for many of them.
constexpr milliseconds trim_delay = seconds{60};

// Whole bodies are moved or dropped, and posts wait in the meantime: so many that they take about as long as the rest
// of a commit does on this disk.
std::size_t dead_rows_after(steady_time::duration last_slice) {
    constexpr std::chrono::microseconds twice_a_row{70};
    constexpr std::int64_t least = 8;
    constexpr std::int64_t most = 64;
    return static_cast<std::size_t>(std::clamp<std::int64_t>(last_slice / twice_a_row, least, most));
}

std::uint64_t bytes_of_new(const batch& work) {
    std::uint64_t bytes = 0;
    for (const auto& one : work.appends) {
        bytes += row_bytes(one.what);
    }
    for (const auto& group : work.submissions) {
        for (const auto& one : group.events) {
            bytes += row_bytes(one.what);
        }
    }
    for (const auto& group : work.imports) {
        for (const auto& one : group) {
            bytes += row_bytes(one.what);
        }
    }
    return bytes;
}

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
      disk_(folder_of(options_.queue.path), options_.queue.disk_reserve) {
    meter_.use(options_.events);
}

void store_thread::run(commit_listener* listener) noexcept {
    listener_ = listener;
    run_guarded("store", [this] {
        serve();
        finish();
    });
}

void store_thread::serve() {
    while (true) {
        auto taken = queue_.take(patience());
        const bool to_record = held_ && !held_->work.settlements.empty();
        if (!taken && queue_.finished() && lookups_.empty() &&
            (!to_record || ++tries_after_close_ > tries_at_the_end)) {
            return;
        }
        if (!taken && may_shrink_ && !held_) {
            shrink();
        } else {
            commit(taken ? std::move(*taken) : store_batch{});
        }
        look_up();
        keep_house();
    }
}

std::optional<milliseconds> store_thread::patience() {
    if (held_) {
        return pause_when_stuck;
    }
    if (!lookups_.empty() || may_shrink_) {
        return milliseconds{0};
    }
    const bool watched = acceptance_.waits() || low_ || box_->totals().pending > 0;
    const auto most = watched ? std::optional(look_at_disk) : std::nullopt;
    const auto due = box_->next_trim();
    if (!due) {
        fail(due.error());
    }
    if (!*due) {
        return most;
    }
    const auto left = **due - options_.now().wall;
    if (left <= milliseconds{0}) {
        return low_ ? look_at_disk : milliseconds{0};  // nothing is dropped while the disk is full
    }
    return std::min(left + trim_delay, most.value_or(left + trim_delay));
}

void store_thread::commit(store_batch taken) {
    if (held_) {
        held_->join(std::move(taken));
        taken = std::move(*held_);
    }
    if (taken.names) {
        meter_.use(*std::exchange(taken.names, std::nullopt));
    }
    const auto now = options_.now();
    watch_disk(now.steady, bytes_of_new(taken.work));
    const commit_chance chance{.now = now.wall,
                               .refuse_appends = held_ || low_,
                               .may_grow = held_ && !disk_.nearly_full(),
                               .dead_rows = dead_rows_,
                               .random = options_.random};
    paths_.look(*box_, taken.work, chance);
    auto outcome = commit_batch(*box_, taken.work, chance);
    if (!outcome) {
        refuse_rest(taken);
        fail(outcome.error(), std::move(taken.append_replies));
    }
    const auto took = options_.now().steady - now.steady;
    meter_.committed(taken.work, *outcome, took);
    if (!taken.work.by_hand.empty()) {
        dead_rows_ = dead_rows_after(took);
    }
    may_shrink_ = true;
    paths_.committed(taken.work, *outcome);
    answer_appends(accept_, taken, outcome->appends);
    answer_submissions(accept_, taken, outcome->submissions);
    answer_imports(accept_, taken, outcome->imports);
    answer_by_hand(accept_, taken, outcome->by_hand);
    std::ranges::move(taken.lookups, std::back_inserter(lookups_));
    taken.lookups.clear();
    held_.reset();
    tell_acceptance(*outcome, now.steady);
    if (outcome->stuck || outcome->readers_wait) {
        answer_memory(delivery_, taken, outcome->remembered);
        if (outcome->remembered) {
            taken.work.upstream.reset();
        }
    }
    settled_untold_ += outcome->settled;
    if (outcome->stuck) {
        hold(std::move(taken));
        return;
    }
    outcome->settled = taken.work.settlements.size() + std::exchange(settled_untold_, 0);
    if (outcome->readers_wait) {
        hold_readers(taken);
    }
    report_unknown(outcome->unknown_settlements);
    tell_delivery(delivery_, listener_, taken, *outcome, box_->last_number());
}

// Nothing was written, as the disk has no room: delivery is told, and sends nothing new until it hears of its
// settlements.
void store_thread::hold(store_batch rest) {
    rest.work.appends.clear();
    rest.work.submissions.clear();
    rest.work.imports.clear();
    rest.work.by_hand.clear();
    held_ = std::move(rest);
    if (listener_ != nullptr) {
        boost::asio::post(delivery_, [listener = listener_] { listener->stuck(); });
    }
    warn_full(stuck_warnings_, "what became of events cannot be recorded, so nothing more is sent until there is room");
    std::this_thread::sleep_for(pause_when_stuck);
}

// The settlements were written: each that follows may make the room in the file that these need.
void store_thread::hold_readers(store_batch& from) {
    store_batch rest;
    std::swap(rest.work.parkings, from.work.parkings);
    std::swap(rest.work.mark, from.work.mark);
    std::swap(rest.work.unparkings, from.work.unparkings);
    std::swap(rest.work.reads, from.work.reads);
    std::swap(rest.work.upstream, from.work.upstream);
    std::swap(rest.read_replies, from.read_replies);
    held_ = std::move(rest);
    warn_full(full_warnings_,
              "events that wait on it are not read for delivery until there is room, or others were delivered");
}

void store_thread::look_up() {
    std::vector<lookup_answer> answers;
    while (!lookups_.empty() && answers.size() < lookups_a_commit) {
        answers.push_back(std::visit([this](auto& asked) { return answer(asked); }, lookups_.front()));
        lookups_.pop_front();
    }
    answer_lookups(accept_, std::move(answers));
}

lookup_answer store_thread::answer(question& asked) {
    auto answered = asked(*box_, options_.now().wall);
    if (!answered) {
        fail(answered.error());
    }
    return *std::move(answered);
}

store_status store_thread::status() {
    const auto oldest = box_->oldest_pending();
    if (!oldest) {
        fail(oldest.error());
    }
    return {
        .totals = box_->totals(), .oldest_pending = *oldest, .queue_full = box_->is_full(), .disk_full = held_ || low_};
}

lookup_answer store_thread::answer(status_lookup& asked) {
    return [reply = std::move(asked.reply), now = status()] { reply(now); };
}

lookup_answer store_thread::answer(measure_lookup& asked) {
    store_report report{.status = status(), .measures = meter_.measures()};
    std::error_code missing;
    const auto wal_bytes = std::filesystem::file_size(options_.queue.path + "-wal", missing);
    report.measures.wal_bytes = missing ? 0 : wal_bytes;
    report.measures.disk_free_bytes = disk_.free_bytes();
    return [reply = std::move(asked.reply), report = std::move(report)] { reply(report); };
}

lookup_answer store_thread::answer(reconfiguration& asked) {
    disk_.reserve(asked.queue.disk_reserve);
    if (const auto done = box_->reconfigure(asked.queue); !done) {
        fail(done.error());
    }
    watch_disk(options_.now().steady, 0);
    return [] {};
}

void store_thread::finish() {
    if (held_ && !held_->work.settlements.empty()) {
        spdlog::error(
            "the outbox's disk is full to the end: what became of {} events could not be recorded, and they "
            "will be sent again",
            held_->work.settlements.size());
    }
    if (const auto done = box_->checkpoint_whole(); !done) {
        if (!done.error().is_full()) {
            fail(done.error());
        }
        warn_full(full_warnings_, "the next start copies the write-ahead log");
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

void store_thread::warn_full(repeat_guard& as_before, const char* what) {
    if (const auto held_back = as_before.admit(options_.now().steady)) {
        spdlog::warn("the disk of the outbox {} is full: {}; make room there ({} more such lines held back)",
                     printable_path(options_.queue.path), what, *held_back);
    }
}

void store_thread::tell_acceptance(const batch_outcome& outcome, steady_time now) {
    using kind = submission_outcome::kind;
    const auto of = [&](append_outcome append, kind submission) {
        return std::ranges::count(outcome.appends, append) +
               std::ranges::count(outcome.submissions, submission, &submission_outcome::what);
    };
    const auto by_disk = of(append_outcome::disk_full, kind::disk_full);
    const auto by_queue = of(append_outcome::queue_full, kind::queue_full);
    const auto stored = of(append_outcome::stored, kind::stored);
    disk_refused_ = by_disk > 0 || (disk_refused_ && stored == 0);
    std::string why;
    if (low_ || outcome.stuck || outcome.readers_wait || disk_refused_) {
        why = "the disk of the outbox " + printable_path(options_.queue.path) +
              " is full, or has less room than queue.disk_reserve asks for; make room there";
    } else if (box_->is_full()) {
        const auto& totals = box_->totals();
        why = "the queue is full (" + std::to_string(totals.pending) + " events pending and " +
              std::to_string(totals.dead) + " dead, " + size_text(totals.bytes) +
              " in all): see with \"posthaste status\" what keeps events from being delivered, discard dead ones, or "
              "raise queue.max_events and queue.max_bytes";
    }
    const auto line = acceptance_.looked(now, why, static_cast<std::uint64_t>(by_disk + by_queue));
    if (line) {
        spdlog::log(line->is_warning ? spdlog::level::warn : spdlog::level::info, "{}", line->text);
    }
}

// Whoever waits for something that only a refusal can answer now, among those who wait for an append.
void store_thread::refuse_rest(store_batch& of) {
    const auto add = [&of](auto& replies) {
        for (auto& reply : replies) {
            of.append_replies.emplace_back(
                [reply = std::move(reply)](result<uuid, refusal> refused) { reply(refused.error()); });
        }
        replies.clear();
    };
    add(of.submit_replies);
    add(of.import_replies);
    add(of.dead_replies);
}

void store_thread::fail(sqlite_error error, std::vector<append_reply> waiting) {
    gate_ = store_gate::failed;
    queue_.close();
    while (auto rest = queue_.take()) {
        refuse_rest(*rest);
        std::ranges::move(rest->append_replies, std::back_inserter(waiting));
    }
    fail_stop(accept_, delivery_,
              {.path = options_.queue.path,
               .why = box_->explain(error),
               .damaged = error.is_damage(),
               .waiting = std::move(waiting)});
}

}  // namespace posthaste
