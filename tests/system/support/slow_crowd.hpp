// Clients that never get to the point: each sends its request a byte at a time, and connects again when it was closed.
//
// Nothing happens but in turn(): what they do between two steps of a test is the test's to say, not a clock's.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace posthaste {

class slow_crowd {
  public:
    // `requests`: what they send, in turn; all of each but its last byte, over and over its last byte but one.
    slow_crowd(std::uint16_t port, std::size_t clients, std::vector<std::string> requests);
    ~slow_crowd() { leave(); }

    slow_crowd(const slow_crowd&) = delete;
    slow_crowd& operator=(const slow_crowd&) = delete;

    // Each sends a byte more; of those that were closed, so many connect again.
    void turn(std::size_t most_connects);
    // All close.
    void leave();

    [[nodiscard]] std::size_t connects() const noexcept { return connects_; }  // so far
    // How many were closed so far, by the status of what they were answered before; 0: without a word.
    [[nodiscard]] const std::map<int, std::size_t>& closed() const noexcept { return closed_; }

  private:
    struct client {
        int socket = -1;
        std::size_t sent = 0;  // bytes of its request
    };

    void connect(client& one);
    void send_more(client& one, const std::string& request);

    std::uint16_t port_;
    std::vector<std::string> requests_;
    std::vector<client> clients_;
    std::size_t connects_ = 0;
    std::map<int, std::size_t> closed_;
};

}  // namespace posthaste
