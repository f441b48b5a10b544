// The end of $NOTIFY_SOCKET that systemd would hold: what a daemon tells of itself, message by message.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/system/support/temp_folder.hpp"

namespace posthaste {

class notify_socket {
  public:
    notify_socket();
    ~notify_socket();

    notify_socket(const notify_socket&) = delete;
    notify_socket& operator=(const notify_socket&) = delete;

    [[nodiscard]] std::string path() const { return folder_ / "notify"; }
    // All that came so far, a message each: "READY=1\nSTATUS=…".
    [[nodiscard]] const std::vector<std::string>& messages();
    // How many of them begin so.
    [[nodiscard]] std::size_t count(std::string_view beginning);
    // The first message from `from` on that begins so; "" when `patience` ran out.
    [[nodiscard]] std::string wait_for(std::string_view beginning, std::size_t from = 0);

  private:
    temp_folder folder_;
    int socket_ = -1;
    std::vector<std::string> messages_;
};

}  // namespace posthaste
