#include "daemon/server/door.hpp"

#include <cerrno>
#include <cstring>
#include <iterator>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/text.hpp"
#include "lib/config/network_readers.hpp"

namespace posthaste {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr mode_t socket_mode = 0660;

start_failure cannot_listen(const std::string& where, const error_code& why) {
    if (why == asio::error::address_in_use)
        return {exit_code::locked_or_in_use,
                "cannot listen on " + where +
                    ": the port is taken by another process (perhaps another posthaste); "
                    "stop it, or name another address (listen.addresses; of dev and sandbox: "
                    "--listen)"};
    if (why == asio::error::access_denied)
        return {exit_code::failed, "cannot listen on " + where +
                                       ": not permitted for this user; name a port over 1023 (listen.addresses; of dev "
                                       "and sandbox: --listen)"};
    return {exit_code::failed, "cannot listen on " + where + ": " + why.message() +
                                   "; set listen.addresses to an address of this machine"};
}

start_failure cannot_listen_at(const std::string& path, const std::string& why, exit_code code = exit_code::failed) {
    return {code, "cannot listen on unix:" + printable(path) + ": " + why};
}

error_code last_error() {
    return {errno, boost::system::system_category()};
}

// Takes no TCP segment that has SYN and not ACK (RFC 9293, 3.1): the flags are the 14th byte of its header.
bool take_no_handshake(int listening) noexcept {
    sock_filter program[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
                             BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN | TH_ACK),
                             BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TH_SYN, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
                             BPF_STMT(BPF_RET | BPF_K, 0xFFFFFFFF)};
    const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
    return ::setsockopt(listening, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

enum class occupant { nobody, somebody, no_socket };

// Who is behind the file of a socket. One that cannot be asked counts as somebody: nothing of theirs is removed.
occupant occupant_of(const std::string& path) {
    struct stat facts{};
    if (::lstat(path.c_str(), &facts) != 0) return occupant::nobody;
    if (!S_ISSOCK(facts.st_mode)) return occupant::no_socket;
    asio::io_context io;
    local::socket probe(io);
    error_code failed;
    probe.open(local(), failed);
    if (!failed) probe.non_blocking(true, failed);  // a full backlog must not hold the start up
    if (!failed) probe.connect(local::endpoint(path), failed);
    return failed == asio::error::connection_refused ? occupant::nobody : occupant::somebody;
}

tcp::endpoint tcp_endpoint_of(const door::acceptor& socket) {
    error_code ignored;
    const auto any = socket.local_endpoint(ignored);
    tcp::endpoint where;
    where.resize(any.size());
    std::memcpy(where.data(), any.data(), any.size());
    return where;
}

}  // namespace

result<void, start_failure> door::open(const listen_address& address) {
    return address.is_unix() ? open_unix(address.socket_path) : open_tcp(address);
}

result<void, start_failure> door::open(const passed_socket& passed) {
    const listen_address& address = passed.address;
    const auto family = address.is_unix() ? AF_UNIX : address.host.find(':') == std::string::npos ? AF_INET : AF_INET6;
    error_code failed;
    socket.assign({family, address.is_unix() ? 0 : IPPROTO_TCP}, passed.descriptor, failed);
    if (failed) return cannot_listen(to_string(address), failed);
    passed_ = true;
    if (!address.is_unix()) port_ = address.port;
    shown_ = (address.is_unix() ? "" : "http://") + to_string(address);
    return {};
}

result<void, start_failure> door::open_tcp(const listen_address& address) {
    error_code failed;
    const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
    const auto ip = asio::ip::make_address(host, failed);
    if (failed) return cannot_listen(address.host, failed);
    const tcp::endpoint wanted(ip, address.port);
    socket.open(wanted.protocol(), failed);
    if (!failed) socket.set_option(acceptor::reuse_address(true), failed);
    if (!failed && ip.is_v6()) socket.set_option(asio::ip::v6_only(true), failed);
    if (!failed) socket.bind(wanted, failed);
    if (!failed) socket.listen(acceptor::max_listen_connections, failed);
    if (failed) return cannot_listen(to_string(address), failed);
    port_ = tcp_endpoint_of(socket).port();
    shown_ = "http://" + to_string(listen_address{.host = host, .port = *port_});
    return {};
}

// Between bind() and listen() nobody can connect, so the mode is right before anybody can.
result<void, start_failure> door::open_unix(const std::string& path) {
    switch (occupant_of(path)) {
        case occupant::somebody:
            return cannot_listen_at(path,
                                    "another process listens there (perhaps another posthaste); stop it, or set "
                                    "listen.addresses to another path",
                                    exit_code::locked_or_in_use);
        case occupant::no_socket:
            return cannot_listen_at(path,
                                    "there is a file that is no socket; move it away, or set listen.addresses to "
                                    "another path");
        case occupant::nobody:
            ::unlink(path.c_str());
            break;
    }
    error_code failed;
    socket.open(local(), failed);
    if (!failed) socket.bind(local::endpoint(path), failed);
    if (failed)
        return cannot_listen_at(path, failed.message() +
                                          "; its folder must exist, and this user be allowed to write "
                                          "to it");
    path_ = path;
    struct stat facts{};
    if (::chmod(path.c_str(), socket_mode) != 0 || ::lstat(path.c_str(), &facts) != 0) failed = last_error();
    device_ = facts.st_dev;
    inode_ = facts.st_ino;
    if (!failed) socket.listen(acceptor::max_listen_connections, failed);
    if (failed) return cannot_listen_at(path, failed.message());
    shown_ = "unix:" + path;
    return {};
}

// As in turn_away(), the file goes first, so that nobody finds a door that does not open.
// Where the kernel does not take the filter, it is as without: whoever comes in that moment is cut off.
void door::turn_away() noexcept {
    if (passed_ || !socket.is_open()) return;
    if (port_) {
        static_cast<void>(take_no_handshake(socket.native_handle()));
    } else {
        remove_file();
        ::shutdown(socket.native_handle(), SHUT_RD);  // who waits already can be accepted
    }
}

void door::close() {
    remove_file();
    error_code ignored;
    socket.close(ignored);
    pause.cancel();
    waiting.reset();
}

void door::remove_file() {
    if (path_.empty()) return;
    struct stat facts{};
    const bool ours = ::lstat(path_.c_str(), &facts) == 0 && facts.st_dev == device_ && facts.st_ino == inode_;
    if (ours) ::unlink(path_.c_str());
    path_.clear();
}

}  // namespace posthaste
