#include "daemon/server/listener.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "daemon/server/door.hpp"
#include "daemon/server/server_context.hpp"
#include "daemon/server/session.hpp"
#include "lib/base/log.hpp"

namespace posthaste {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

constexpr milliseconds pause_without_files{100};
// Of one that is under way on this host when new ones are turned away.
constexpr milliseconds handshake_time{5};

}  // namespace

struct listener::impl : std::enable_shared_from_this<listener::impl> {
    impl(asio::io_context& on, listener_options options, router& routes)
        : io(on),
          shared(std::make_shared<server_context>(std::move(options), routes)),
          sweep(on.get_executor()),
          last_look(on.get_executor()) {}

    template <class Address>
    result<void, start_failure> open(const Address& address) {
        auto opened = std::make_unique<door>(io);
        if (auto listens = opened->open(address); !listens) return listens;
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
        if (shared->stopping) {
            if (!failed && !over) take(at, std::move(socket));  // its peer is connected, and waits for an answer
            return;
        }
        shared->clock.update();
        if (failed) return accept_failed(at, failed);
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
        if (!failed && at.port()) socket.set_option(tcp::no_delay(true), failed);
        if (failed) return;  // it is gone already
        session::start(std::move(socket), at.port(), shared);
        if (!sweeping) keep_sweeping();
    }

    // Out of file descriptors or memory. Our own bound of descriptors is a bound of connections like any other: one
    // goes for the one that comes. Where the whole host is out of them, only those at rest go, one by one, and new
    // connections wait in the backlog.
    void accept_failed(door& at, const boost::system::error_code& why) {
        if (const auto held_back = accept_trouble.admit(shared->clock.steady()))
            spdlog::warn(
                "cannot accept connections on {}: {} ({} times more since the last report); raise the limit "
                "of open files (LimitNOFILE=) or lower limits.connections",
                at.shown(), why.message(), *held_back);
        const bool ours = why == asio::error::no_descriptors;
        if (ours && shared->connections.make_room()) return accept(at);
        if (!ours) shared->connections.make_room_at_rest();
        at.pause.expires_after(pause_without_files);
        at.pause.async_wait([self = shared_from_this(), &at](const boost::system::error_code& cancelled) {
            if (!cancelled && !self->shared->stopping) self->accept(at);
        });
    }

    void on_room() {
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
            if (!at->waiting || shared->stopping) continue;
            if (shared->connections.is_full() && !shared->connections.make_room()) continue;
            take(*at, *std::exchange(at->waiting, {}));
            accept(*at);
        }
    }

    void reconfigure(const limit_settings& limits, const listen_settings& listen) {
        shared->options.limits = limits;
        shared->options.listen.allowed_hosts = listen.allowed_hosts;
        shared->options.listen.tokens = listen.tokens;
        shared->hosts = host_rules(server_context::names_of(shared->options.listen));
        shared->connections.resize(limits.connections);
        shared->bodies.resize(shared->bytes_of_bodies());
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
        shared->stopping = true;
        shared->clock.update();
        for (const auto& at : doors) {
            at->turn_away();
            let_in_last(*at);
        }
        shared->connections.wind_up();
        last_look.expires_after(handshake_time);
        last_look.async_wait([self = shared_from_this(), done = std::move(done)](const auto& cancelled) mutable {
            if (!cancelled) self->close_up(std::move(done));
        });
    }

    void close_up(std::function<void()> done) {
        for (const auto& at : doors)
            let_in_last(*at);
        close_doors();
        // Behind the connections that were accepted, whose handlers wait already.
        asio::post(io, [self = shared_from_this(), done = std::move(done)]() mutable {
            self->when_empty = std::move(done);
            self->finish_if_empty();
        });
    }

    // Whoever is connected already gets an answer. Behind a passed socket they wait for the next process.
    void let_in_last(door& at) {
        if (at.waiting) take(at, *std::exchange(at.waiting, {}));
        boost::system::error_code none_left;
        if (!at.is_passed()) at.socket.non_blocking(true, none_left);
        while (!at.is_passed() && !none_left && !shared->connections.is_full()) {
            session::stream socket(io.get_executor());
            at.socket.accept(socket, none_left);
            if (!none_left) take(at, std::move(socket));
        }
    }

    void close_doors() {
        for (const auto& at : doors)
            at->close();
    }

    void finish_if_empty() {
        if (shared->connections.size() > 0 || !when_empty) return;
        over = true;
        sweep.cancel();
        asio::post(io, std::exchange(when_empty, {}));
    }

    asio::io_context& io;
    std::shared_ptr<server_context> shared;
    std::vector<std::unique_ptr<door>> doors;
    door::timer sweep;
    door::timer last_look;
    bool sweeping = false;
    bool over = false;  // stopped, and no connection is left
    repeat_guard accept_trouble;
    std::function<void()> when_empty;
};

listener::listener(asio::io_context& io, listener_options options, router& routes)
    : impl_(std::make_shared<impl>(io, std::move(options), routes)) {
    impl_->shared->connections.on_room([self = impl_.get()] { self->on_room(); });
}

listener::~listener() {
    impl_->shared->stopping = true;
    impl_->over = true;
    impl_->shared->connections.on_room({});
    impl_->close_doors();
    impl_->sweep.cancel();
    impl_->last_look.cancel();
}

result<void, start_failure> listener::open() {
    const listener_options& options = impl_->shared->options;
    for (const passed_socket& passed : options.passed)
        if (auto opened = impl_->open(passed); !opened) return opened;
    if (!options.passed.empty()) return {};
    for (const listen_address& address : options.listen.addresses)
        if (auto opened = impl_->open(address); !opened) return opened;
    return {};
}

std::vector<std::string> listener::addresses() const {
    std::vector<std::string> found;
    for (const auto& at : impl_->doors)
        found.push_back(at->shown());
    return found;
}

void listener::start() {
    for (const auto& at : impl_->doors)
        impl_->accept(*at);
}

void listener::reconfigure(const limit_settings& limits, const listen_settings& listen) {
    impl_->reconfigure(limits, listen);
}

void listener::stop(std::function<void()> done) {
    impl_->stop(std::move(done));
}

}  // namespace posthaste
