// Listening sockets that outlive the daemon and are passed to each start of it, as systemd does for posthaste.socket.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace posthaste {

class socket_activator {
  public:
    socket_activator() = default;
    ~socket_activator();

    socket_activator(const socket_activator&) = delete;
    socket_activator& operator=(const socket_activator&) = delete;

    // Gives the port.
    std::uint16_t listen_tcp(const std::string& address = "127.0.0.1");
    void listen_unix(const std::string& path);
    // One that nobody can connect to.
    void pass_unusable();

    // For daemon_under_test::run_under: passes the sockets, and leaves the daemon our child.
    [[nodiscard]] std::vector<std::string> wrapper() const;

  private:
    void pass(int socket);

    std::vector<int> sockets_;
};

}  // namespace posthaste
