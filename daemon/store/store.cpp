#include "daemon/store/store.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>
#include <utility>

#include <pthread.h>

#include "daemon/store/answers.hpp"
#include "daemon/store/long_read.hpp"
#include "daemon/store/store_batch.hpp"
#include "daemon/store/store_thread.hpp"
#include "lib/base/require.hpp"
#include "lib/outbox/commit_queue.hpp"
#include "lib/outbox/files.hpp"
#include "lib/outbox/outbox.hpp"
#include "lib/outbox/row_sum.hpp"

namespace posthaste {
namespace {

constexpr std::ptrdiff_t rows_a_slice = 1024;

}  // namespace

struct store::impl {
    store_options options;
    boost::asio::io_context& accept;
    boost::asio::io_context& delivery;
    commit_queue<store_batch> queue{};
    std::atomic<store_gate> gate{store_gate::open};
    std::unique_ptr<store_thread> work{};
    std::thread thread{};

    void add_read(read_request request, read_reply reply) {
        queue.add(1, [&](store_batch& into) {
            into.work.reads.push_back(std::move(request));
            into.read_replies.push_back(std::move(reply));
        });
    }

    // In slices: no commit is held up by many.
    void add_rows(std::vector<parked_event> rows, std::vector<parked_event> batch::* to) {
        for (auto from = rows.begin(); from != rows.end();) {
            const auto until = from + std::min<std::ptrdiff_t>(rows.end() - from, rows_a_slice);
            queue.add_later(static_cast<std::size_t>(until - from),
                            [&](store_batch& into) { std::move(from, until, std::back_inserter(into.work.*to)); });
            from = until;
        }
    }

    void add_lookup(lookup asked) {
        queue.add(1, [&](store_batch& into) { into.lookups.push_back(std::move(asked)); });
    }

    template <class Answer>
    void ask(std::function<result<Answer, sqlite_error>(outbox&, wall_time)> what, std::function<void(Answer)> reply) {
        const auto ask_outbox = [what = std::move(what), reply = std::move(reply)](
                                    outbox& box, wall_time now) -> result<lookup_answer, sqlite_error> {
            auto answer = what(box, now);
            if (!answer) {
                return answer.error();
            }
            return lookup_answer([reply, answer = *std::move(answer)]() mutable { reply(std::move(answer)); });
        };
        add_lookup(question(ask_outbox));
    }

    // Why an append was not queued.
    [[nodiscard]] refusal refused() const {
        switch (gate.load()) {
            case store_gate::open:
                return refusal::busy;
            case store_gate::shutting_down:
                return refusal::shutting_down;
            case store_gate::failed:
                return refusal::store_unavailable;
        }
        require_failed("store_gate", "no such state", __FILE__, __LINE__);
    }
};

store::store(store_options options, boost::asio::io_context& accept, boost::asio::io_context& delivery)
    : impl_(new impl{std::move(options), accept, delivery}) {}

store::~store() {
    stop();
}

result<outbox_totals, start_failure> store::open() {
    // SQLite follows a link, and so must the names of the lock, the log and the marker.
    impl_->options.queue.path = resolved(impl_->options.queue.path);
    auto opened = outbox::open(impl_->options.queue, impl_->options.now().wall);
    if (!opened) {
        return opened.error();
    }
    const outbox_totals totals = (*opened)->totals();
    impl_->work = std::make_unique<store_thread>(std::move(*opened), impl_->options, impl_->accept, impl_->delivery,
                                                 impl_->queue, impl_->gate);
    return totals;
}

void store::start(commit_listener* listener) {
    REQUIRE(impl_->work != nullptr, "the store is opened before it is started");
    impl_->thread = std::thread([this, listener] {
        ::pthread_setname_np(::pthread_self(), "store");
        impl_->work->run(listener);
    });
}

void store::refuse_appends() {
    auto open = store_gate::open;
    impl_->gate.compare_exchange_strong(open, store_gate::shutting_down);
}

void store::stop() {
    refuse_appends();
    impl_->queue.close();
    if (impl_->thread.joinable()) {
        impl_->thread.join();
    } else if (impl_->work != nullptr) {
        impl_->work->run(nullptr);  // opened, never started: what waits is served here
    }
    impl_->work.reset();
}

void store::append(event what, append_reply reply) {
    const bool open = impl_->gate.load(std::memory_order_relaxed) == store_gate::open;
    const bool queued = open && impl_->queue.try_add(1, row_bytes(what), [&](store_batch& into) {
        into.work.appends.emplace_back().what = std::move(what);
        into.append_replies.push_back(std::move(reply));
    });
    if (!queued) {
        std::vector<append_reply> one;
        one.push_back(std::move(reply));
        refuse_all(impl_->accept, std::move(one), impl_->refused());
    }
}

void store::submit(submission what, submit_reply reply) {
    std::size_t bytes = 0;
    for (const auto& one : what.events) {
        bytes += row_bytes(one.what);
    }
    const bool open = impl_->gate.load(std::memory_order_relaxed) == store_gate::open;
    const bool queued = open && impl_->queue.try_add(what.events.size(), bytes, [&](store_batch& into) {
        into.work.submissions.push_back(std::move(what));
        into.submit_replies.push_back(std::move(reply));
    });
    if (!queued) {
        answer_lookups(impl_->accept, {[reply = std::move(reply), why = impl_->refused()] { reply(why); }});
    }
}

void store::settle(settlement what) {
    impl_->queue.add_later(1, [&](store_batch& into) { into.work.settlements.push_back(std::move(what)); });
}

void store::park(std::vector<parked_event> events) {
    impl_->add_rows(std::move(events), &batch::parkings);
}

void store::unpark(std::vector<parked_event> settled) {
    impl_->add_rows(std::move(settled), &batch::unparkings);
}

void store::mark_parked(sequence through) {
    impl_->queue.add_later(1, [&](store_batch& into) { into.work.mark = through; });
}

void store::fetch(page_request request, std::function<void(page)> reply) {
    impl_->add_read(request, std::move(reply));
}

void store::fetch_lane(lane_request request, std::function<void(lane_page)> reply) {
    impl_->add_read(std::move(request), std::move(reply));
}

void store::fetch_parked_lanes(parked_lanes_request request, std::function<void(parked_lanes)> reply) {
    impl_->add_read(std::move(request), std::move(reply));
}

void store::remember(upstream_memory what, std::function<void(bool)> reply) {
    impl_->queue.add(1, [&](store_batch& into) {
        into.work.upstream = std::move(what);
        if (reply) {
            into.memory_replies.push_back(std::move(reply));
        }
    });
}

upstream_memory store::remembered() const {
    REQUIRE(impl_->work != nullptr && !impl_->thread.joinable(), "what was found is asked for before the start");
    return impl_->work->remembered();
}

void store::reconfigure(queue_settings queue) {
    impl_->add_lookup(reconfiguration{std::move(queue)});
}

void store::name_events(event_names events) {
    impl_->queue.add(1, [&](store_batch& into) { into.names = std::move(events); });
}

void store::status(std::function<void(store_status)> reply) {
    impl_->add_lookup(status_lookup{std::move(reply)});
}

void store::measure(std::function<void(store_report)> reply) {
    impl_->add_lookup(measure_lookup{std::move(reply)});
}

void store::find(uuid id, std::function<void(std::optional<event_facts>)> reply) {
    impl_->ask<std::optional<event_facts>>([id](outbox& box, wall_time now) { return box.find(id, now); },
                                           std::move(reply));
}

void store::list(list_request request, std::function<void(list_page)> reply) {
    impl_->ask<list_page>([request = std::move(request), clock = impl_->options.now](
                              outbox& box, wall_time) { return read_long(box, request, clock); },
                          std::move(reply));
}

void store::find_identity(identity_key key, std::function<void(std::optional<kept_identity>)> reply) {
    impl_->ask<std::optional<kept_identity>>([key](outbox& box, wall_time) { return box.find_identity(key); },
                                             std::move(reply));
}

void store::change_identity(identity_change what) {
    impl_->queue.add(1, [&](store_batch& into) { into.work.identities.push_back(std::move(what)); });
}

void store::export_slice(export_request request, std::function<void(export_page)> reply) {
    impl_->ask<export_page>([request](outbox& box, wall_time) { return box.export_slice(request); }, std::move(reply));
}

void store::select(selection_request request, std::function<void(selection_page)> reply) {
    impl_->ask<selection_page>([request = std::move(request), clock = impl_->options.now](
                                   outbox& box, wall_time) { return read_long(box, request, clock); },
                               std::move(reply));
}

void store::by_hand(dead_request request, std::function<void(result<dead_report, refusal>)> reply) {
    const bool open = impl_->gate.load(std::memory_order_relaxed) == store_gate::open;
    const bool queued = open && impl_->queue.try_add(1, 0, [&](store_batch& into) {
        into.work.by_hand.push_back(std::move(request));
        into.dead_replies.push_back(std::move(reply));
    });
    if (!queued) {
        answer_lookups(impl_->accept, {[reply = std::move(reply), why = impl_->refused()] { reply(why); }});
    }
}

void store::import(std::vector<pending_event> events, std::function<void(result<import_report, refusal>)> reply) {
    std::size_t bytes = 0;
    for (const auto& one : events) {
        bytes += row_bytes(one.what);
    }
    const bool open = impl_->gate.load(std::memory_order_relaxed) == store_gate::open;
    const bool queued = open && impl_->queue.try_add(events.size(), bytes, [&](store_batch& into) {
        into.work.imports.push_back(std::move(events));
        into.import_replies.push_back(std::move(reply));
    });
    if (!queued) {
        answer_lookups(impl_->accept, {[reply = std::move(reply), why = impl_->refused()] { reply(why); }});
    }
}

}  // namespace posthaste
