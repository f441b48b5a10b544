// What runs on the store thread: take everything that waits, commit it, answer it, and keep the WAL short.

#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "daemon/store/disk_gauge.hpp"
#include "daemon/store/path_log.hpp"
#include "daemon/store/store.hpp"
#include "daemon/store/store_batch.hpp"
#include "lib/base/log.hpp"
#include "lib/metrics/store_meter.hpp"
#include "lib/outbox/acceptance_story.hpp"
#include "lib/outbox/batch.hpp"
#include "lib/outbox/commit_queue.hpp"
#include "lib/outbox/outbox.hpp"

namespace posthaste {

// Why appends are not taken (any more). Read and written from any thread.
enum class store_gate { open, shutting_down, failed };

class store_thread {
  public:
    // All but the outbox must outlive run().
    store_thread(std::unique_ptr<outbox> box, store_options options, boost::asio::io_context& accept,
                 boost::asio::io_context& delivery, commit_queue<store_batch>& queue, std::atomic<store_gate>& gate);

    // What delivery knows of the upstream, as it was found. Before run().
    [[nodiscard]] const upstream_memory& remembered() const noexcept { return box_->upstream(); }

    // Until the queue is closed and empty; then the last checkpoint, and the database is closed. `listener`: see
    // store::start.
    void run(commit_listener* listener) noexcept;

  private:
    void serve();
    void commit(store_batch taken);
    void watch_disk(steady_time now, std::uint64_t coming);
    [[nodiscard]] bool lacks_room(steady_time now, std::uint64_t coming);
    [[nodiscard]] bool take_room(std::uint64_t coming);
    [[nodiscard]] bool has_shrunk();
    void hold(store_batch rest);
    void hold_readers(store_batch& from);
    void look_up();
    [[nodiscard]] lookup_answer answer(question& asked);
    [[nodiscard]] lookup_answer answer(status_lookup& asked);
    [[nodiscard]] lookup_answer answer(measure_lookup& asked);
    [[nodiscard]] lookup_answer answer(reconfiguration& asked);
    [[nodiscard]] store_status status();
    void shrink();
    void keep_house();
    void copy_log();
    void finish();
    // How long to wait for work: until facts of delivered events are due to go, or the disk is to be looked at; empty:
    // for ever.
    [[nodiscard]] std::optional<milliseconds> patience();
    void report_unknown(std::size_t settlements);
    void warn_full(repeat_guard& as_before, const char* what);
    // Whether new events are taken, for the log; after a commit and what it made of `held_`.
    void tell_acceptance(const batch_outcome& outcome, steady_time now);
    static void refuse_rest(store_batch& of);
    [[noreturn]] void fail(sqlite_error error, std::vector<append_reply> waiting = {});

    std::unique_ptr<outbox> box_;
    store_options options_;
    boost::asio::io_context& accept_;
    boost::asio::io_context& delivery_;
    commit_queue<store_batch>& queue_;
    std::atomic<store_gate>& gate_;
    commit_listener* listener_ = nullptr;
    disk_gauge disk_;
    std::optional<store_batch> held_;  // delivery's part that a full disk would not take: committed with the next
    std::size_t settled_untold_ = 0;   // of settlements whose others are held: delivery hears of all together
    unsigned tries_after_close_ = 0;
    std::deque<lookup> lookups_;  // a few are answered after each commit, so that none is held up by many
    bool may_shrink_ = true;      // something was removed since the file's free space was looked at
    bool low_ = false;            // the disk is under its reserve
    bool told_unknown_ = false;
    bool disk_refused_ = false;  // an event for want of room, and none was stored since
    std::size_t dead_rows_ = 8;  // as in commit_chance
    repeat_guard stuck_warnings_;
    repeat_guard full_warnings_;  // of less
    acceptance_story acceptance_;
    path_log paths_;
    store_meter meter_;
};

}  // namespace posthaste
