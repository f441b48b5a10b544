#include "daemon/server/listener.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "daemon/server/server_context.hpp"
#include "daemon/server/session.hpp"
#include "lib/base/log.hpp"

namespace posthaste {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using executor = asio::io_context::executor_type;
using acceptor = asio::basic_socket_acceptor<tcp, executor>;
using timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor>;

constexpr milliseconds pause_without_files{100};

std::string shown(const tcp::endpoint& where) {
    const std::string host = where.address().to_string();
    return (where.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(where.port());
}

start_failure cannot_listen(const std::string& where, const boost::system::error_code& why) {
    if (why == asio::error::address_in_use)
        return {exit_code::locked_or_in_use, "cannot listen on " + where +
                                                 ": the port is taken by another process (perhaps another posthaste); "
                                                 "stop it, or set listen.addresses to another port"};
    if (why == asio::error::access_denied)
        return {exit_code::failed, "cannot listen on " + where +
                                       ": not permitted for this user; set listen.addresses to a port over 1023"};
    return {exit_code::failed, "cannot listen on " + where + ": " + why.message() +
                                   "; set listen.addresses to an address of this machine"};
}

// One address that is listened on.
struct door {
    explicit door(asio::io_context& io) : socket(io.get_executor()), pause(io.get_executor()) {}

    acceptor socket;
    timer pause;
    std::string host;  // as configured
    std::uint16_t port = 0;
    std::optional<session::stream> waiting;  // accepted, but there is no room yet
};

}  // namespace

struct listener::impl : std::enable_shared_from_this<listener::impl> {
    impl(asio::io_context& on, listener_options options, router& routes)
        : io(on), shared(std::make_shared<server_context>(std::move(options), routes)), sweep(on.get_executor()) {}

    result<void, start_failure> open(const listen_address& address) {
        boost::system::error_code failed;
        const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
        const auto ip = asio::ip::make_address(host, failed);
        if (failed) return cannot_listen(address.host, failed);
        const tcp::endpoint wanted(ip, address.port);
        auto opened = std::make_unique<door>(io);
        acceptor& socket = opened->socket;
        socket.open(wanted.protocol(), failed);
        if (!failed) socket.set_option(acceptor::reuse_address(true), failed);
        if (!failed && ip.is_v6()) socket.set_option(asio::ip::v6_only(true), failed);
        if (!failed) socket.bind(wanted, failed);
        if (!failed) socket.listen(acceptor::max_listen_connections, failed);
        if (failed) return cannot_listen(shown(wanted), failed);
        opened->port = socket.local_endpoint().port();
        doors.push_back(std::move(opened));
        return {};
    }

    void accept(door& at) {
        at.socket.async_accept(
            [self = shared_from_this(), &at](const boost::system::error_code& failed, session::stream socket) {
                self->on_accept(at, failed, std::move(socket));
            });
    }

    void on_accept(door& at, const boost::system::error_code& failed, session::stream socket) {
        if (shared->stopping) return;
        shared->clock.update();
        if (failed) return pause(at, failed);
        while (shared->connections.is_full()) {  // more than one has to go where the limit was lowered
            if (shared->connections.make_room()) continue;
            at.waiting = std::move(socket);  // everyone is busy with a request that was read: one ends soon
            return;
        }
        take(at, std::move(socket));
        accept(at);
    }

    void take(door& at, session::stream socket) {
        boost::system::error_code failed;
        socket.non_blocking(true, failed);
        if (!failed) socket.set_option(tcp::no_delay(true), failed);
        if (failed) return;  // it is gone already
        session::start(std::move(socket), at.port, shared);
        if (!sweeping) keep_sweeping();
    }

    // Out of file descriptors or memory: new connections wait in the backlog until there is room. Idle ones go for it
    // one by one, as they could keep it for a minute.
    void pause(door& at, const boost::system::error_code& why) {
        if (const auto held_back = accept_trouble.admit(shared->clock.steady()))
            spdlog::warn(
                "cannot accept connections on port {}: {} ({} times more since the last report); raise the limit "
                "of open files (LimitNOFILE=) or lower limits.connections",
                at.port, why.message(), *held_back);
        shared->connections.make_room();
        at.pause.expires_after(pause_without_files);
        at.pause.async_wait([self = shared_from_this(), &at](const boost::system::error_code& cancelled) {
            if (!cancelled && !self->shared->stopping) self->accept(at);
        });
    }

    void on_leave() {
        if (shared->stopping) {
            finish_if_empty();
            return;
        }
        const bool anyone_waits =
            std::any_of(doors.begin(), doors.end(), [](const auto& at) { return at->waiting.has_value(); });
        if (!anyone_waits) return;
        asio::post(io, [self = shared_from_this()] { self->let_in(); });
    }

    void let_in() {
        for (const auto& at : doors) {
            if (!at->waiting || shared->stopping || shared->connections.is_full()) continue;
            take(*at, *std::exchange(at->waiting, {}));
            accept(*at);
        }
    }

    void reconfigure(const limit_settings& limits, std::vector<std::string> allowed_hosts) {
        shared->options.limits = limits;
        shared->options.listen.allowed_hosts = std::move(allowed_hosts);
        shared->hosts = host_rules(server_context::names_of(shared->options.listen));
        shared->connections.resize(limits.connections);
        let_in();
    }

    void keep_sweeping() {
        sweeping = shared->connections.size() > 0;
        if (!sweeping) return;
        sweep.expires_after(shared->options.sweep_every);
        sweep.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
            if (cancelled) return;
            self->shared->clock.update();
            self->shared->connections.check_deadlines(self->shared->clock.steady());
            self->keep_sweeping();
        });
    }

    void stop(std::function<void()> done) {
        when_empty = std::move(done);
        shared->stopping = true;
        close_doors();
        shared->connections.wind_up();
        finish_if_empty();
    }

    void close_doors() {
        boost::system::error_code ignored;
        for (const auto& at : doors) {
            at->socket.close(ignored);
            at->pause.cancel();
            at->waiting.reset();
        }
    }

    void finish_if_empty() {
        if (shared->connections.size() > 0 || !when_empty) return;
        sweep.cancel();
        asio::post(io, std::exchange(when_empty, {}));
    }

    asio::io_context& io;
    std::shared_ptr<server_context> shared;
    std::vector<std::unique_ptr<door>> doors;
    timer sweep;
    bool sweeping = false;
    repeat_guard accept_trouble;
    std::function<void()> when_empty;
};

listener::listener(asio::io_context& io, listener_options options, router& routes)
    : impl_(std::make_shared<impl>(io, std::move(options), routes)) {
    impl_->shared->connections.on_leave([self = impl_.get()] { self->on_leave(); });
}

listener::~listener() {
    impl_->shared->stopping = true;
    impl_->shared->connections.on_leave({});
    impl_->close_doors();
    impl_->sweep.cancel();
}

result<void, start_failure> listener::open() {
    for (const listen_address& address : impl_->shared->options.listen.addresses)
        if (auto opened = impl_->open(address); !opened) return opened;
    return {};
}

std::vector<std::string> listener::addresses() const {
    std::vector<std::string> found;
    for (const auto& at : impl_->doors) {
        boost::system::error_code ignored;
        found.push_back("http://" + shown(at->socket.local_endpoint(ignored)));
    }
    return found;
}

void listener::start() {
    for (const auto& at : impl_->doors)
        impl_->accept(*at);
}

void listener::reconfigure(const limit_settings& limits, std::vector<std::string> allowed_hosts) {
    impl_->reconfigure(limits, std::move(allowed_hosts));
}

void listener::stop(std::function<void()> done) {
    impl_->stop(std::move(done));
}

}  // namespace posthaste
