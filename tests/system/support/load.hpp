// A load of events: several connections, each with users of its own, each user's events numbered 1, 2, 3 …
//
// A connection sends one event, waits for its answer, and goes on with its next user. When the daemon is gone it
// connects again as soon as it can; the event without an answer is never sent again, its number stays a gap.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace posthaste {

// Which event of a load a body is.
struct load_event {
    std::string user;
    int number = 0;

    friend auto operator<=>(const load_event&, const load_event&) = default;
};

[[nodiscard]] std::string load_body(const load_event& event);
// Empty when the body is none of a load.
[[nodiscard]] std::optional<load_event> load_event_of(std::string_view body);

class load {
  public:
    // Starts at once. `port` says where the daemon listens at the moment, 0 while it is down; called on any thread.
    load(int connections, int users_a_connection, std::function<std::uint16_t()> port);
    ~load();  // finish()

    load(const load&) = delete;
    load& operator=(const load&) = delete;

    // Sends no further event; returns once each has its answer or lost its connection.
    void finish();

    // The events that were answered 202, so far, with the id that each was given.
    [[nodiscard]] std::map<load_event, std::string> acknowledged() const;
    [[nodiscard]] std::size_t acknowledged_count() const noexcept { return acknowledged_count_; }
    // Answers that were no 202, as text; 503s of a daemon that is stopping are not among them.
    [[nodiscard]] std::vector<std::string> refusals() const;

  private:
    void send_from(int connection, int users);
    void keep(const load_event& event, int status, const std::string& body);

    std::function<std::uint16_t()> port_;
    std::atomic<bool> finishing_ = false;
    std::atomic<std::size_t> acknowledged_count_ = 0;
    mutable std::mutex mutex_;
    std::map<load_event, std::string> acknowledged_;
    std::vector<std::string> refusals_;
    std::vector<std::thread> threads_;
};

}  // namespace posthaste
