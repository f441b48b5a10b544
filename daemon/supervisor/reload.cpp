#include "daemon/supervisor/reload.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include "daemon/supervisor/chance.hpp"
#include "lib/base/run_guarded.hpp"
#include "lib/base/text.hpp"
#include "lib/config/access_tokens.hpp"
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
                   std::shared_ptr<const settings> in_force, std::function<void(fresh_configuration)> apply,
                   std::function<void()> reloaded)
    : accept_(accept),
      source_(std::move(source)),
      in_force_(std::move(in_force)),
      apply_(std::move(apply)),
      reloaded_(std::move(reloaded)),
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
        run_guarded("reload", [&] {
            boost::asio::post(accept_,
                              [this, why, what = load_now(why, *in_force)]() mutable { loaded(why, std::move(what)); });
        });
    });
}

// On the loading thread.
reloader::outcome reloader::load_now(cause why, const settings& in_force) const {
    auto values = why == cause::by_hand ? source_->load() : with_fresh_secret(why, in_force);
    if (!values) return std::move(values).error();
    auto plan = plan_reload(in_force, *std::move(values));
    if (!plan) return std::move(plan).error();
    fresh_configuration fresh{*std::move(plan), {}, why == cause::by_hand};
    if (why == cause::tokens_file) return fresh;
    auto prepared = delivery::prepare(fresh.plan.effective);
    if (!prepared) return config_problems{{prepared.error().message}};
    fresh.delivery = *std::move(prepared);
    return fresh;
}

// What is in force, but for the one secret that is read again.
result<settings, config_problems> reloader::with_fresh_secret(cause why, const settings& in_force) const {
    settings otherwise_the_same = in_force;
    if (why == cause::key_file) {
        auto key = load_api_key(in_force.upstream.api_key_file, source_->env);
        if (!key) return config_problems{{key.error()}};
        otherwise_the_same.upstream.api_key = std::move(key->value);
        return otherwise_the_same;
    }
    const std::string& file = *in_force.listen.access_tokens_file;
    auto tokens = load_access_tokens(file, source_->env);
    if (!tokens) return config_problems{{to_text(file, tokens.error().front())}};
    otherwise_the_same.listen.tokens = *std::move(tokens);
    return otherwise_the_same;
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
    if (why == cause::by_hand && !once_more_) reloaded_();
    load_next();
}

void reloader::load_next() {
    if (loading()) return;
    if (std::exchange(once_more_, false)) return load(cause::by_hand);
    if (waiting_.empty()) return;
    const cause next = waiting_.front();
    waiting_.pop_front();
    load(next);
}

void reloader::take(cause why, fresh_configuration fresh) {
    const auto before = std::exchange(in_force_, std::make_shared<const settings>(fresh.plan.effective));
    if (why == cause::by_hand) {
        state_.loaded_at = read_clocks().wall;
        state_.last_reload = configuration_state::reload{state_.loaded_at, {}, restart_text(fresh.plan)};
        log_change(before->log, in_force_->log, fresh.plan);
        key_.stamp.reset();  // they may be other files
        tokens_.stamp.reset();
        waiting_.clear();
    } else if (why == cause::key_file) {
        key_.told.clear();
        if (!fresh.plan.new_api_key) return;
        spdlog::info("the API key in {} changed: it is used from the next attempt on",
                     in_force_->upstream.api_key_source);
    } else {
        tokens_.told.clear();
        if (!fresh.plan.new_tokens) return;
        spdlog::info("the access tokens in {} changed: they count from the next request on",
                     printable(*in_force_->listen.access_tokens_file));
    }
    apply_(std::move(fresh));
    keep_watching();
}

// A file is tried again at the next look: what was wrong may be mended elsewhere.
void reloader::refuse(cause why, const config_problems& problems) {
    if (why == cause::key_file) {
        key_.stamp.reset();
        if (std::exchange(key_.told, problems.front().text) == problems.front().text) return;
        spdlog::error("the API key's file changed, and the key that was read before stays in use: {}", key_.told);
        return;
    }
    if (why == cause::tokens_file) {
        tokens_.stamp.reset();
        if (std::exchange(tokens_.told, problems.front().text) == problems.front().text) return;
        spdlog::error("the access tokens' file changed, and the tokens that were read before stay in use: {}",
                      tokens_.told);
        return;
    }
    configuration_state::reload failed{.at = read_clocks().wall, .problems = {}};
    for (const auto& problem : problems) {
        spdlog::error("configuration not reloaded, everything goes on as before: {}", problem.text);
        failed.problems.push_back(problem.text);
    }
    state_.last_reload = std::move(failed);
}

void reloader::keep_watching() {
    const bool anything = source_ && (in_force_->upstream.api_key_watched || in_force_->listen.access_tokens_file);
    if (stopped_ || !anything) {
        look_.cancel();
        return;
    }
    look_.expires_after(between_looks);
    look_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        look_at(key_, in_force_->upstream.api_key_watched, cause::key_file);
        look_at(tokens_, in_force_->listen.access_tokens_file, cause::tokens_file);
        load_next();
        keep_watching();
    });
}

// Whatever else is loaded or waits for it: the files take turns, so that none keeps the other from being read.
void reloader::look_at(watched_file& file, const std::optional<std::string>& path, cause why) {
    if (!path) return;
    const file_stamp stamp = stamp_of(*path);
    if (file.stamp == stamp) return;
    file.stamp = may_hide_a_change(stamp, read_clocks().wall) ? std::nullopt : std::optional(stamp);
    if (std::ranges::find(waiting_, why) == waiting_.end()) waiting_.push_back(why);
}

}  // namespace posthaste
