#include "daemon/supervisor/daemon.hpp"

#include <csignal>
#include <cstdlib>
#include <memory>
#include <utility>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include "daemon/delivery/delivery.hpp"
#include "daemon/server/listener.hpp"
#include "daemon/store/store.hpp"
#include "daemon/supervisor/api.hpp"
#include "daemon/supervisor/chance.hpp"
#include "daemon/supervisor/io_thread.hpp"

namespace posthaste {
namespace {

// Attempts in flight at a stop get this long; the connections' last answers a second more.
constexpr seconds delivery_grace{20};

// Room for the connections, the upstream's and our own files; a soft limit of 1,024 would just not do.
void raise_file_limit() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

class running_daemon {
  public:
    explicit running_daemon(const settings& frozen)
        : frozen_(frozen),
          store_({frozen.queue, read_clocks, seeded_random()}, accept_io_, delivery_thread_.io()),
          delivery_(delivery_thread_.io(), {{frozen.upstream, frozen.delivery}, read_clocks, seeded_random()}, store_),
          api_(accept_io_, frozen, store_, delivery_),
          listener_(accept_io_, {frozen.listen, frozen.limits, read_clocks}, api_.routes()) {}

    [[nodiscard]] result<void, start_failure> start(const daemon_hooks& hooks) {
        auto found = store_.open();
        if (!found) return found.error();
        if (auto certificates = delivery_.open(); !certificates) return certificates.error();
        // The port is taken before anything is sent: a start that fails must not have delivered.
        if (auto bound = listener_.open(); !bound) return bound.error();
        const upstream_memory left = store_.remembered();
        store_.start(&delivery_);
        delivery_thread_.start();
        boost::asio::post(delivery_thread_.io(), [this, left] { delivery_.start(left); });
        listener_.start();
        announce(*found, hooks);
        return {};
    }

    // Serves on the calling thread until a signal came and everything is stopped.
    void serve() {
        wait_for_signal();
        run_guarded(accept_io_, "accept");
        delivery_thread_.finish();
        store_.stop();
        spdlog::info("stopped; everything acknowledged is in {}", frozen_.queue.path);
    }

  private:
    void announce(const outbox_totals& found, const daemon_hooks& hooks) {
        const auto addresses = listener_.addresses();
        std::string listed;
        for (const auto& address : addresses)
            listed += (listed.empty() ? "" : ", ") + address;
        spdlog::info("posthaste {} is ready on {}; {} pending and {} dead in {}; delivers to {} with the key from {}",
                     POSTHASTE_VERSION, listed, found.pending, found.dead, frozen_.queue.path,
                     frozen_.upstream.url.text(), frozen_.upstream.api_key_source);
        if (hooks.ready) hooks.ready(addresses);
    }

    void wait_for_signal() {
        signals_.async_wait([this](const boost::system::error_code& failed, int number) {
            if (failed) return;
            if (stopping_) {
                spdlog::warn("second signal: exiting at once; everything acknowledged is in {}", frozen_.queue.path);
                stop_logging();
                std::_Exit(static_cast<int>(exit_code::failed));
            }
            stop(number);
            wait_for_signal();
        });
    }

    void stop(int signal_number) {
        stopping_ = true;
        spdlog::info("stopping on {}: no new events are taken, attempts in flight get up to {} s",
                     signal_number == SIGINT ? "SIGINT" : "SIGTERM", delivery_grace.count());
        api_.stop();
        listener_.stop([this] { part_stopped(); });
        boost::asio::post(delivery_thread_.io(), [this] {
            delivery_.stop(delivery_grace, [this] { boost::asio::post(accept_io_, [this] { part_stopped(); }); });
        });
        // A peer that never reads its answer must not hold the stop up.
        deadline_.expires_after(delivery_grace + seconds{1});
        deadline_.async_wait([this](const boost::system::error_code& cancelled) {
            if (!cancelled) accept_io_.stop();
        });
    }

    void part_stopped() {
        if (++parts_stopped_ < 2) return;
        deadline_.cancel();
        signals_.cancel();
    }

    const settings& frozen_;
    boost::asio::io_context accept_io_{1};
    io_thread delivery_thread_{"delivery"};
    store store_;
    delivery delivery_;
    api api_;
    listener listener_;
    boost::asio::signal_set signals_{accept_io_, SIGTERM, SIGINT};
    boost::asio::steady_timer deadline_{accept_io_};
    bool stopping_ = false;
    int parts_stopped_ = 0;
};

}  // namespace

result<void, start_failure> run_daemon(const settings& frozen, const daemon_hooks& hooks) {
    raise_file_limit();
    running_daemon whole(frozen);
    if (auto started = whole.start(hooks); !started) return started;
    whole.serve();
    return {};
}

}  // namespace posthaste
