// Brings a changed configuration, a changed key or changed access tokens into force while everything goes on.
//
// On SIGHUP the whole is read again: the file with the same --set, events_dir, key, tokens and certificates. The files
// of the key and of the tokens are also looked at once a second (by stat), as what is rotated must work without a
// signal; a key that is fixed for the process is not. What is read is read on a short-lived thread of its own, one at a
// time, and checked as a whole before any of it is handed over: what has a problem changes nothing, is logged, and is
// told by state(). Belongs to the accept thread.

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/delivery/delivery.hpp"
#include "daemon/server/configuration_state.hpp"
#include "daemon/supervisor/file_stamp.hpp"
#include "lib/config/reload.hpp"

namespace posthaste {

// Where the settings came from. Called on the loading thread.
struct configuration_source {
    std::function<result<settings, config_problems>()> load;
    environment env;  // for the key and the tokens
};

// Read, checked and prepared: nothing of it can fail any more.
struct fresh_configuration {
    reload_plan plan;
    std::optional<delivery_plan> delivery;  // empty: delivery goes on as it is
    bool by_hand = false;                   // a person asked for it
};

class reloader {
  public:
    // `apply` brings it into force; `reloaded` runs once a reload is over and no other follows it, whatever came of it.
    // Both on the accept thread. Without a source nothing is ever loaded.
    reloader(boost::asio::io_context& accept, std::optional<configuration_source> source,
             std::shared_ptr<const settings> in_force, std::function<void(fresh_configuration)> apply,
             std::function<void()> reloaded);
    ~reloader();

    reloader(const reloader&) = delete;
    reloader& operator=(const reloader&) = delete;

    // Begins to watch the files of the key and of the tokens.
    void start();
    // As on SIGHUP. While a load is under way, one more follows it.
    void reload();
    // From now on nothing is brought into force; `done` runs once the loading thread has ended.
    void stop(std::function<void()> done);
    // Whether there is a loading thread: a file system that does not answer may keep it.
    [[nodiscard]] bool loading() const noexcept { return thread_.joinable(); }

    [[nodiscard]] const configuration_state& state() const noexcept { return state_; }

  private:
    enum class cause { by_hand, key_file, tokens_file };
    using outcome = result<fresh_configuration, config_problems>;

    // A secret's file that may be given other contents.
    struct watched_file {
        std::optional<file_stamp> stamp;  // of what was loaded; empty: to be loaded again
        std::string told;                 // the problem that was logged last
    };

    void load(cause why);
    [[nodiscard]] outcome load_now(cause why, const settings& in_force) const;
    [[nodiscard]] result<settings, config_problems> with_fresh_secret(cause why, const settings& in_force) const;
    void loaded(cause why, outcome what);
    void load_next();
    void take(cause why, fresh_configuration fresh);
    void refuse(cause why, const config_problems& problems);
    void keep_watching();
    void look_at(watched_file& file, const std::optional<std::string>& path, cause why);

    boost::asio::io_context& accept_;
    std::optional<configuration_source> source_;
    std::shared_ptr<const settings> in_force_;
    std::function<void(fresh_configuration)> apply_;
    std::function<void()> reloaded_;
    configuration_state state_;
    std::thread thread_;
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> waiting_for_thread_;
    bool once_more_ = false;
    std::deque<cause> waiting_;  // files that changed, each once, in the order in which they are loaded
    bool stopped_ = false;
    std::function<void()> when_stopped_;
    boost::asio::steady_timer look_;
    watched_file key_;
    watched_file tokens_;
};

}  // namespace posthaste
