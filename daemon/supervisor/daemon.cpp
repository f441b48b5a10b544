#include "daemon/supervisor/daemon.hpp"

#include <csignal>
#include <cstdlib>
#include <memory>
#include <utility>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include "daemon/delivery/delivery.hpp"
#include "daemon/server/listener.hpp"
#include "daemon/store/store.hpp"
#include "daemon/supervisor/api.hpp"
#include "daemon/supervisor/chance.hpp"
#include "daemon/supervisor/early_signals.hpp"
#include "daemon/supervisor/heartbeat.hpp"
#include "daemon/supervisor/io_thread.hpp"
#include "daemon/supervisor/service_manager.hpp"
#include "lib/base/run_guarded.hpp"

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

// Large blocks are bodies: each has pages of its own, which take up memory when they are filled and are the system's
// again at once. Left to itself, glibc soon puts them on its heap, which keeps what a crowd of them took.
void keep_large_blocks_apart() {
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

class running_daemon {
  public:
    running_daemon(const settings& frozen, const daemon_hooks& hooks)
        : frozen_(std::make_shared<const settings>(frozen)),
          store_({frozen.queue, read_clocks, seeded_random(), names_of(frozen.events)}, accept_io_,
                 delivery_thread_.io()),
          delivery_(delivery_thread_.io(),
                    {{frozen.upstream, frozen.delivery, nullptr},
                     read_clocks,
                     seeded_random(),
                     [this](watched_end how) {
                         boost::asio::post(accept_io_,
                                           [this, how = std::move(how)]() mutable { api_.settled(std::move(how)); });
                     },
                     names_of(frozen.events)},
                    store_),
          api_(accept_io_, frozen_, store_, delivery_, [this] { return reloader_.state(); }),
          listener_(accept_io_,
                    {.listen = frozen.listen,
                     .limits = frozen.limits,
                     .now = read_clocks,
                     .refused = [this](const request_head& head, const problem& why) { api_.refused(head, why); },
                     .passed = hooks.sockets},
                    api_.routes()),
          hooks_(hooks),
          reloader_(
              accept_io_, hooks.configuration, frozen_,
              [this](fresh_configuration fresh) { bring_into_force(std::move(fresh)); }, [this] { tell_reloaded(); }),
          heartbeat_(accept_io_, manager_, api_.source()) {}

    [[nodiscard]] result<void, start_failure> start() {
        auto found = store_.open();
        if (!found) return found.error();
        if (auto certificates = delivery_.open(); !certificates) return certificates.error();
        // The port is taken before anything is sent: a start that fails must not have delivered.
        if (auto bound = listener_.open(); !bound) return bound.error();
        take_signals();
        const upstream_memory left = store_.remembered();
        store_.start(&delivery_);
        delivery_thread_.start();
        boost::asio::post(delivery_thread_.io(),
                          [this, left, pending = found->pending] { delivery_.start(left, pending); });
        listener_.start();
        reloader_.start();
        announce(*found);
        heartbeat_.start();
        return {};
    }

    // Serves on the calling thread until a signal came and everything is stopped.
    void serve() {
        wait_for_signal();
        wait_for_hangup();
        run_guarded("accept", [this] { accept_io_.run(); });
        boost::system::error_code ignored;
        signals_.clear(ignored);  // nobody hears them any more: a second one ends the process, as it should
        store_.stop();            // before the thread that may still wait for a name server
        delivery_thread_.finish();
        if (reloader_.loading()) leave_reading();
        spdlog::info("stopped; everything acknowledged is in {}", frozen_->queue.path);
    }

  private:
    // Until here a signal to stop ended the process at once, however long the disk took: from now on there is something
    // to be stopped in order.
    void take_signals() {
        for (const int number : {SIGTERM, SIGINT})
            signals_.add(number);
        if (!hooks_.configuration) return;
        hangups_.add(SIGHUP);
        if (early_hangup_came()) std::raise(SIGHUP);  // some of what it asks to be read may have been read before
    }

    void announce(const outbox_totals& found) {
        const auto addresses = listener_.addresses();
        std::string listed;
        for (const auto& address : addresses)
            listed += (listed.empty() ? "" : ", ") + address;
        spdlog::info("posthaste {} is ready on {}; {} pending and {} dead in {}; delivers to {} with the key from {}",
                     POSTHASTE_VERSION, listed, found.pending, found.dead, frozen_->queue.path,
                     frozen_->upstream.url.text(), frozen_->upstream.api_key_source);
        manager_.ready("ready on " + listed);
        if (hooks_.ready) hooks_.ready(addresses);
    }

    void wait_for_signal() {
        signals_.async_wait([this](const boost::system::error_code& failed, int number) {
            if (failed) return;
            if (stopping_) {
                spdlog::warn("second signal: exiting at once; everything acknowledged is in {}", frozen_->queue.path);
                stop_logging();
                std::_Exit(static_cast<int>(exit_code::failed));
            }
            stop(number);
            wait_for_signal();
        });
    }

    void wait_for_hangup() {
        hangups_.async_wait([this](const boost::system::error_code& failed, int) {
            if (failed) return;
            if (!stopping_) manager_.reloading();
            reloader_.reload();
            wait_for_hangup();
        });
    }

    void tell_reloaded() {
        heartbeat_.overwritten();
        const auto& last = *reloader_.state().last_reload;
        if (!last.problems.empty()) return manager_.ready("not reloaded: " + last.problems.front());
        manager_.ready(last.needs_restart.empty() ? "reloaded" : "reloaded; " + last.needs_restart);
    }

    // Each owner takes its part on its own thread.
    void bring_into_force(fresh_configuration fresh) {
        frozen_ = std::make_shared<const settings>(std::move(fresh.plan.effective));
        api_.reconfigure(frozen_);
        listener_.reconfigure(frozen_->limits, frozen_->listen);
        store_.reconfigure(frozen_->queue);
        store_.name_events(names_of(frozen_->events));
        delivery_.name_events(names_of(frozen_->events));
        if (fresh.delivery)
            delivery_.reconfigure(*std::move(fresh.delivery));  // which asks for a probe, too
        else if (fresh.by_hand)
            delivery_.probe_now();
    }

    // A file system that does not answer holds the loading thread, and there is nothing left to wait for.
    [[noreturn]] void leave_reading() {
        spdlog::warn("stopped while the configuration was still being read; everything acknowledged is in {}",
                     frozen_->queue.path);
        stop_logging();
        std::_Exit(static_cast<int>(exit_code::done));
    }

    void stop(int signal_number) {
        stopping_ = true;
        spdlog::info("stopping on {}: no new events are taken, attempts in flight get up to {} s",
                     signal_number == SIGINT ? "SIGINT" : "SIGTERM", delivery_grace.count());
        manager_.stopping("stopping: attempts in flight get up to " + std::to_string(delivery_grace.count()) + " s");
        api_.stop();
        reloader_.stop([this] { part_stopped(); });
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
        if (++parts_stopped_ < 3) return;
        heartbeat_.stop();
        deadline_.cancel();
        signals_.cancel();
        hangups_.cancel();
    }

    std::shared_ptr<const settings> frozen_;
    boost::asio::io_context accept_io_{1};
    io_thread delivery_thread_{"delivery"};
    store store_;
    delivery delivery_;
    api api_;
    listener listener_;
    const daemon_hooks& hooks_;
    reloader reloader_;
    service_manager manager_;
    heartbeat heartbeat_;
    boost::asio::signal_set signals_{accept_io_};
    boost::asio::signal_set hangups_{accept_io_};
    boost::asio::steady_timer deadline_{accept_io_};
    bool stopping_ = false;
    int parts_stopped_ = 0;
};

}  // namespace

result<void, start_failure> run_daemon(const settings& frozen, const daemon_hooks& hooks) {
    catch_early_stop();
    raise_file_limit();
    keep_large_blocks_apart();
    running_daemon whole(frozen, hooks);
    if (auto started = whole.start(); !started) return started;
    whole.serve();
    return {};
}

}  // namespace posthaste
