#include "daemon/supervisor/reload.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/post.hpp>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include "daemon/supervisor/chance.hpp"
#include "lib/base/require.hpp"
#include "lib/config/secret.hpp"

namespace posthaste {

namespace {

constexpr seconds between_looks{1};

// Logged under whichever level shows more, so that the line is not lost to the change it tells of.
void log_change(const log_settings& before, const log_settings& after, const reload_plan& plan) {
    change_logging(std::min(before.level, after.level), after.format);
    spdlog::info("configuration reloaded: {}", to_text(plan));
    change_logging(after.level, after.format);
}

}  // namespace

reloader::reloader(boost::asio::io_context& accept, std::optional<configuration_source> source,
                   std::shared_ptr<const settings> in_force, std::function<void(fresh_configuration)> apply)
    : accept_(accept),
      source_(std::move(source)),
      in_force_(std::move(in_force)),
      apply_(std::move(apply)),
      state_{.loaded_at = read_clocks().wall},
      look_(accept) {}

reloader::~reloader() {
    if (thread_.joinable()) thread_.join();
}

void reloader::start() {
    keep_watching();
}

void reloader::reload() {
    if (stopped_ || !source_) return;
    once_more_ = loading();
    if (!once_more_) load(cause::by_hand);
}

void reloader::stop(std::function<void()> done) {
    stopped_ = true;
    look_.cancel();
    if (!loading()) return boost::asio::post(accept_, std::move(done));
    when_stopped_ = std::move(done);
}

void reloader::load(cause why) {
    waiting_for_thread_.emplace(accept_.get_executor());
    thread_ = std::thread([this, why, in_force = in_force_] {
        ::pthread_setname_np(::pthread_self(), "reload");
        try {
            boost::asio::post(accept_,
                              [this, why, what = load_now(why, *in_force)]() mutable { loaded(why, std::move(what)); });
        } catch (const std::exception& escaped) {
            const std::string reason = std::string("an exception escaped on the reload thread: ") + escaped.what();
            REQUIRE(false, reason.c_str());
        }
    });
}

// On the loading thread.
reloader::outcome reloader::load_now(cause why, const settings& in_force) const {
    auto values = [&]() -> result<settings, config_problems> {
        if (why == cause::by_hand) return source_->load();
        auto key = load_api_key(in_force.upstream.api_key_file, source_->env);
        if (!key) return config_problems{{key.error()}};
        settings same_but_the_key = in_force;
        same_but_the_key.upstream.api_key = std::move(key->value);
        return same_but_the_key;
    }();
    if (!values) return std::move(values).error();
    auto plan = plan_reload(in_force, *std::move(values));
    if (!plan) return std::move(plan).error();
    auto prepared = delivery::prepare(plan->effective);
    if (!prepared) return config_problems{{prepared.error().message}};
    return fresh_configuration{*std::move(plan), *std::move(prepared), why == cause::by_hand};
}

void reloader::loaded(cause why, outcome what) {
    thread_.join();  // posting this was the last thing it did
    waiting_for_thread_.reset();
    if (stopped_) {
        if (when_stopped_) std::exchange(when_stopped_, {})();
        return;
    }
    if (what)
        take(why, *std::move(what));
    else
        refuse(why, what.error());
    if (std::exchange(once_more_, false)) load(cause::by_hand);
}

void reloader::take(cause why, fresh_configuration fresh) {
    const auto before = std::exchange(in_force_, std::make_shared<const settings>(fresh.plan.effective));
    if (why == cause::by_hand) {
        state_.loaded_at = read_clocks().wall;
        state_.last_reload = configuration_state::reload{state_.loaded_at, {}};
        log_change(before->log, in_force_->log, fresh.plan);
        key_stamp_.reset();  // it may be another file
    } else {
        told_of_key_.clear();
        if (!fresh.plan.new_api_key) return;
        spdlog::info("the API key in {} changed: it is used from the next attempt on",
                     in_force_->upstream.api_key_source);
    }
    apply_(std::move(fresh));
    keep_watching();
}

void reloader::refuse(cause why, const config_problems& problems) {
    if (why == cause::key_file) {
        if (std::exchange(told_of_key_, problems.front().text) == problems.front().text) return;
        spdlog::error("the API key's file changed, and the key that was read before stays in use: {}", told_of_key_);
        return;
    }
    configuration_state::reload failed{read_clocks().wall, {}};
    for (const auto& problem : problems) {
        spdlog::error("configuration not reloaded, everything goes on as before: {}", problem.text);
        failed.problems.push_back(problem.text);
    }
    state_.last_reload = std::move(failed);
}

void reloader::keep_watching() {
    if (stopped_ || !source_ || !in_force_->upstream.api_key_watched) {
        look_.cancel();
        return;
    }
    look_.expires_after(between_looks);
    look_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        look_at_key_file();
        keep_watching();
    });
}

void reloader::look_at_key_file() {
    if (loading()) return;
    const file_stamp stamp = stamp_of(*in_force_->upstream.api_key_watched);
    if (key_stamp_ == stamp) return;
    key_stamp_ = may_hide_a_change(stamp, read_clocks().wall) ? std::nullopt : std::optional(stamp);
    load(cause::key_file);
}

}  // namespace posthaste
