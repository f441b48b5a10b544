// The door to the store thread: whatever any thread has for it, gathered into batches of one commit each (rule 1).
//
// Producers add to the batch that is being filled; the one consumer takes the oldest whole. No timer: a lone item is
// taken at once, and while a batch is committed the next one gathers. A batch holds up to 4,096 operations or 4 MiB.
// Bounded for what comes from outside (try_add); what must not be lost (add) is bounded by its own nature.
//
// What nobody waits for (add_later) goes with the next batch that somebody does wait for, and by itself once enough of
// it has gathered or a few milliseconds are over: a commit of many settlements writes a fraction of the pages that many
// commits of a few do.
//
// Any thread; take() belongs to one. `Batch` is default-constructible and movable.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace posthaste {

struct commit_queue_limits {
    std::size_t batch_operations = 4096;
    std::size_t batch_bytes = 4 * 1024 * 1024;
    std::size_t operations = 65'536;
    std::size_t bytes = 64 * 1024 * 1024;
    std::size_t later_operations = 512;  // of add_later: so many are enough to go by themselves
    std::chrono::milliseconds later_wait{5};
};

template <class Batch>
class commit_queue {
  public:
    explicit commit_queue(commit_queue_limits limits = {}) : limits_(limits) {}

    // Calls put(batch), which adds `operations` with `bytes` of bodies to it. False, and put is not called: the queue
    // is full or closed.
    template <class Put>
    [[nodiscard]] bool try_add(std::size_t operations, std::size_t bytes, Put&& put) {
        return insert({operations, bytes, operations}, true, std::forward<Put>(put));
    }

    // The same, full or not. False: the queue is closed.
    template <class Put>
    bool add(std::size_t operations, Put&& put) {
        return insert({operations, 0, operations}, false, std::forward<Put>(put));
    }

    // The same, for what can wait a little.
    template <class Put>
    bool add_later(std::size_t operations, Put&& put) {
        return insert({operations, 0, 0}, false, std::forward<Put>(put));
    }

    // Waits for a batch; for at most `patience`, where given. Empty: its time was over, or the queue is closed and
    // nothing is left in it (finished() tells which).
    [[nodiscard]] std::optional<Batch> take(std::optional<std::chrono::milliseconds> patience = std::nullopt) {
        std::unique_lock lock(mutex_);
        wait(lock, patience, waiting::for_anything);
        if (!filled_.empty()) {
            wait(lock, limits_.later_wait, waiting::for_enough);
        }
        if (filled_.empty()) {
            return std::nullopt;
        }
        slot taken = std::move(filled_.front());
        filled_.pop_front();
        held_ -= taken.size;
        return std::move(taken.what);
    }

    // Nothing can be added any more; what is in it can still be taken.
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }

    [[nodiscard]] bool finished() const {
        const std::lock_guard lock(mutex_);
        return closed_ && filled_.empty();
    }

  private:
    struct amount {
        std::size_t operations = 0;
        std::size_t bytes = 0;
        std::size_t urgent = 0;  // operations that somebody waits for

        amount& operator+=(const amount& more) {
            operations += more.operations;
            bytes += more.bytes;
            urgent += more.urgent;
            return *this;
        }
        amount& operator-=(const amount& less) {
            operations -= less.operations;
            bytes -= less.bytes;
            urgent -= less.urgent;
            return *this;
        }
    };

    struct slot {
        Batch what;
        amount size;
    };

    enum class waiting { no, for_anything, for_enough };

    template <class Put>
    bool insert(const amount& more, bool bounded, Put&& put) {
        std::unique_lock lock(mutex_);
        const bool full =
            held_.operations + more.operations > limits_.operations || held_.bytes + more.bytes > limits_.bytes;
        if (closed_ || (bounded && full)) {
            return false;
        }
        if (filled_.empty() || !fits(filled_.back().size, more)) {
            filled_.emplace_back();
        }
        slot& last = filled_.back();
        put(last.what);
        last.size += more;
        held_ += more;
        const bool wake = satisfied(waiting_);
        if (wake) {
            waiting_ = waiting::no;  // one wake-up is enough
        }
        lock.unlock();
        if (wake) {
            changed_.notify_one();
        }
        return true;
    }

    void wait(std::unique_lock<std::mutex>& lock, std::optional<std::chrono::milliseconds> patience, waiting what) {
        const auto over = [this, what] { return closed_ || satisfied(what); };
        waiting_ = what;
        if (patience) {
            changed_.wait_for(lock, *patience, over);
        } else {
            changed_.wait(lock, over);
        }
        waiting_ = waiting::no;
    }

    [[nodiscard]] bool satisfied(waiting what) const {
        switch (what) {
            case waiting::no:
                return false;
            case waiting::for_anything:
                return !filled_.empty();
            case waiting::for_enough:
                return held_.urgent > 0 || held_.operations >= limits_.later_operations;
        }
        return false;
    }

    [[nodiscard]] bool fits(const amount& into, const amount& more) const {
        return into.operations + more.operations <= limits_.batch_operations &&
               into.bytes + more.bytes <= limits_.batch_bytes;
    }

    const commit_queue_limits limits_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<slot> filled_;
    amount held_;
    waiting waiting_ = waiting::no;
    bool closed_ = false;
};

}  // namespace posthaste
