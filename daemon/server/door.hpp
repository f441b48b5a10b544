// One address that is listened on: a TCP address, or a unix socket.
//
// A unix socket has the mode 0660, so that its folder and its group say who gets in. A file that a process left behind
// is replaced; one behind which somebody still listens is not. It is removed when the door closes, unless another
// process has put its own there. One that was passed to us is whose who passed it: its mode, its file and its backlog
// stay as they are, and what connects after the door was closed waits there for the next process. Belongs to the
// listener's thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/server/passed_sockets.hpp"
#include "daemon/server/session.hpp"
#include "lib/base/result.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

class door {
  public:
    using executor = boost::asio::io_context::executor_type;
    using acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol, executor>;
    using timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>, executor>;

    explicit door(boost::asio::io_context& io) : socket(io.get_executor()), pause(io.get_executor()) {}
    ~door() { close(); }

    door(const door&) = delete;
    door& operator=(const door&) = delete;

    // Binds and listens. Taken already: exit 75, with what to do.
    [[nodiscard]] result<void, start_failure> open(const listen_address& address);
    // Takes the socket over; it listens already.
    [[nodiscard]] result<void, start_failure> open(const passed_socket& passed);
    // Nobody else gets connected from now on; who is connected can still be accepted, and whose TCP handshake is under
    // way will be. Else those who connect between the last accept and close() would be cut off. A TCP client is not
    // refused but left without an answer: it tries again after a second. Nothing, where the socket was passed to us.
    void turn_away() noexcept;
    void close();

    [[nodiscard]] bool is_passed() const noexcept { return passed_; }
    // The TCP port that was really taken; empty for a unix socket.
    [[nodiscard]] std::optional<std::uint16_t> port() const noexcept { return port_; }
    // "http://127.0.0.1:8650", "unix:/run/posthaste/posthaste.sock".
    [[nodiscard]] const std::string& shown() const noexcept { return shown_; }

    acceptor socket;
    timer pause;                             // while there are no file descriptors
    std::optional<session::stream> waiting;  // accepted, but there is no room yet

  private:
    [[nodiscard]] result<void, start_failure> open_tcp(const listen_address& address);
    [[nodiscard]] result<void, start_failure> open_unix(const std::string& path);
    void remove_file();

    bool passed_ = false;
    std::optional<std::uint16_t> port_;
    std::string shown_;
    std::string path_;  // of the socket that is ours; empty: none
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace posthaste
