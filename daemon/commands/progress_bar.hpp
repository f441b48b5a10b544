// How far a command is, for whoever waits for it: one line that is redrawn in place on a terminal, and nothing at all
// elsewhere, so that no escape code gets into a file or a pipe.
//
// progress_text() and progress_rate are pure; progress_bar writes to its descriptor, on the caller's thread.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "lib/base/time.hpp"

namespace posthaste {

struct progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0;  // 0: not known
    double per_second = 0;
    std::optional<seconds> left;  // empty: not to be told
};

// How fast something goes on, over the last 10 s, and when it will be over at that.
class progress_rate {
  public:
    // How much is done altogether; may also get less.
    void note(steady_time now, std::uint64_t done);
    // 0 while it does not get on, or that is not known yet.
    [[nodiscard]] double per_second() const;
    // For so much more; empty while it does not get on.
    [[nodiscard]] std::optional<seconds> time_for(std::uint64_t more) const;

  private:
    struct observation {
        steady_time at;
        std::uint64_t done = 0;
    };

    std::deque<observation> seen_;  // the oldest first; never empty once something was noted
};

// "[#########-----------]  45 %  540 of 1,200  120/s  about 6 s left", within so many columns; without a total just
// "540  120/s". No escape codes.
[[nodiscard]] std::string progress_text(const progress& now, std::size_t columns);

// "1 event", "1,204 events".
[[nodiscard]] std::string events_text(std::uint64_t count);
// "about 6 s", "about 3 min", "about 5 h", "about 2 days".
[[nodiscard]] std::string rough_duration(seconds time);

class progress_bar {
  public:
    // Draws only where `descriptor` is a terminal that can; with colour unless $NO_COLOR says otherwise.
    explicit progress_bar(int descriptor);
    ~progress_bar();  // clear()

    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;

    [[nodiscard]] bool draws() const noexcept { return draws_; }
    void show(const progress& now);
    // Takes the line away: whatever is printed next begins where it was.
    void clear();

  private:
    int descriptor_;
    bool draws_ = false;
    bool shown_ = false;
};

}  // namespace posthaste
