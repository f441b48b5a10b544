// The most that accepting could reach: ceiling CONFIGURATION
//
// posthaste's own listener and event handler, with the daemon's configuration, over a store that keeps nothing and
// answers at once. What the daemon stays behind this is what durability costs.

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "daemon/server/listener.hpp"
#include "daemon/server/post_event_handler.hpp"
#include "daemon/server/routes.hpp"
#include "lib/config/load.hpp"

namespace posthaste {

namespace {

instant read_clocks() {
    return {std::chrono::floor<milliseconds>(std::chrono::system_clock::now()), std::chrono::steady_clock::now()};
}

class forgetful_store final : public event_sink {
  public:
    explicit forgetful_store(boost::asio::io_context& io) : io_(io) {}

    void append(event, append_reply reply) override {
        const uuid id = make_event_id(read_clocks().wall, ++number_, 0);
        boost::asio::post(io_, [id, reply = std::move(reply)] { reply(id); });
    }

    void submit(submission what, submit_reply reply) override {
        const receipt told{make_event_id(read_clocks().wall, number_ + 1, 0), what.events.size()};
        number_ += what.events.size();
        boost::asio::post(io_, [told, reply = std::move(reply)] { reply(told); });
    }

  private:
    boost::asio::io_context& io_;
    sequence number_ = 0;
};

settings load_or_exit(const char* file) {
    auto loaded = load_settings({file, {}, {}}, [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    });
    if (loaded) return *std::move(loaded);
    for (const config_problem& problem : loaded.error())
        std::fprintf(stderr, "%s\n", problem.text.c_str());
    std::exit(2);
}

}  // namespace

}  // namespace posthaste

int main(int count, char** arguments) {
    using namespace posthaste;
    if (count != 2) return 2;
    const settings chosen = load_or_exit(arguments[1]);
    boost::asio::io_context io{1};
    forgetful_store store(io);
    rate_window accepted;
    post_event_handler events(chosen.limits.body, {read_clocks, {}}, store,
                              std::make_shared<const event_catalog>(chosen.events), accepted);
    path_router routes;
    routes.add("POST", "/run/event", access_scope::app, events);
    listener server(io, {.listen = chosen.listen, .limits = chosen.limits, .now = read_clocks}, routes);
    if (const auto opened = server.open(); !opened) {
        std::fprintf(stderr, "%s\n", opened.error().message.c_str());
        return 1;
    }
    server.start();
    io.run();
}
