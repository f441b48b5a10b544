// The door to the store thread: whatever any thread has for it, gathered into batches of one commit each (rule 1).
//
// Producers add to the batch that is being filled; the one consumer takes the oldest whole. No timer: a lone item is
// taken at once, and while a batch is committed the next one gathers. A batch holds up to 4,096 operations or 4 MiB.
// Bounded for what comes from outside (try_add); what must not be lost (add) is bounded by its own nature.
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
};

template <class Batch>
class commit_queue {
  public:
    explicit commit_queue(commit_queue_limits limits = {}) : limits_(limits) {}

    // Calls put(batch), which adds `operations` with `bytes` of bodies to it. False, and put is not called: the queue
    // is full or closed.
    template <class Put>
    [[nodiscard]] bool try_add(std::size_t operations, std::size_t bytes, Put&& put) {
        return insert(operations, bytes, true, std::forward<Put>(put));
    }

    // The same, full or not. False: the queue is closed.
    template <class Put>
    bool add(std::size_t operations, Put&& put) {
        return insert(operations, 0, false, std::forward<Put>(put));
    }

    // Waits for a batch; for at most `patience`, where given. Empty: its time was over, or the queue is closed and
    // nothing is left in it (finished() tells which).
    [[nodiscard]] std::optional<Batch> take(std::optional<std::chrono::milliseconds> patience = std::nullopt) {
        std::unique_lock lock(mutex_);
        const auto ready = [this] { return closed_ || !filled_.empty(); };
        waiting_ = true;
        if (patience) {
            changed_.wait_for(lock, *patience, ready);
        } else {
            changed_.wait(lock, ready);
        }
        waiting_ = false;
        if (filled_.empty()) {
            return std::nullopt;
        }
        slot taken = std::move(filled_.front());
        filled_.pop_front();
        operations_ -= taken.operations;
        bytes_ -= taken.bytes;
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
    struct slot {
        Batch what;
        std::size_t operations = 0;
        std::size_t bytes = 0;
    };

    template <class Put>
    bool insert(std::size_t operations, std::size_t bytes, bool bounded, Put&& put) {
        std::unique_lock lock(mutex_);
        const bool full = operations_ + operations > limits_.operations || bytes_ + bytes > limits_.bytes;
        if (closed_ || (bounded && full)) {
            return false;
        }
        if (filled_.empty() || !fits(filled_.back(), operations, bytes)) {
            filled_.emplace_back();
        }
        slot& last = filled_.back();
        put(last.what);
        last.operations += operations;
        last.bytes += bytes;
        operations_ += operations;
        bytes_ += bytes;
        const bool wake = std::exchange(waiting_, false);  // one wake-up is enough
        lock.unlock();
        if (wake) {
            changed_.notify_one();
        }
        return true;
    }

    [[nodiscard]] bool fits(const slot& into, std::size_t operations, std::size_t bytes) const {
        return into.operations + operations <= limits_.batch_operations && into.bytes + bytes <= limits_.batch_bytes;
    }

    const commit_queue_limits limits_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<slot> filled_;
    std::size_t operations_ = 0;
    std::size_t bytes_ = 0;
    bool waiting_ = false;
    bool closed_ = false;
};

}  // namespace posthaste
