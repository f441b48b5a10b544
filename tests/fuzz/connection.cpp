// Whole connections: the input is all that a client sends, to posthaste's own sessions and handlers over a store that
// keeps nothing. It is sent twice, at once and in small pieces, which must make no difference.

#include <algorithm>
#include <array>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/server/batch_handler.hpp"
#include "daemon/server/post_event_handler.hpp"
#include "daemon/server/routes.hpp"
#include "daemon/server/server_context.hpp"
#include "daemon/server/session.hpp"
#include "lib/base/require.hpp"
#include "tests/fuzz/answers.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/fuzz/text.hpp"

namespace posthaste {
namespace {

instant a_moment() {
    return {wall_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26)), steady_time(std::chrono::hours{1})};
}

// Answers at its next turn, and remembers until it is asked to forget.
class short_memory final : public event_sink {
  public:
    explicit short_memory(boost::asio::io_context& io) : io_(io) {}

    void append(event what, append_reply reply) override {
        ++requests;
        events.push_back(std::move(what));
        const uuid id = make_event_id(a_moment().wall, events.size(), 0);
        boost::asio::post(io_, [id, reply = std::move(reply)] { reply(id); });
    }

    void submit(submission what, submit_reply reply) override {
        ++requests;
        const receipt told{make_event_id(a_moment().wall, events.size() + 1, 0), what.events.size()};
        for (pending_event& each : what.events)
            events.push_back(std::move(each.what));
        boost::asio::post(io_, [told, reply = std::move(reply)] { reply(told); });
    }

    std::size_t requests = 0;
    std::vector<event> events;

  private:
    boost::asio::io_context& io_;
};

std::shared_ptr<const event_catalog> make_catalog() {
    auto catalog = std::make_shared<event_catalog>();
    catalog->schemas.emplace("Ticket", fuzz::schema_of(R"({"name": "String", "n": "Integer?"})"));
    return catalog;
}

struct server {
    boost::asio::io_context io{1};
    short_memory store{io};
    std::shared_ptr<const event_catalog> catalog = make_catalog();
    rate_window accepted;
    post_event_handler single{1 * KiB, {a_moment, {}}, store, catalog, accepted};
    batch_handler batch{io, {2 * KiB, 1 * KiB, 8}, {a_moment, {}}, store, catalog, accepted};
    path_router routes;

    server() {
        for (const std::string version : {"", "/{version}"}) {
            routes.add("POST", version + "/run/event", access_scope::app, single);
            routes.add("POST", version + "/run/events", access_scope::app, batch);
        }
    }
};

// The client's end of a connection whose other end the server has.
class client {
  public:
    explicit client(server& to) : server_(to) {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0, "two sockets");
        fd_ = ends[0];
        session::stream theirs(to.io.get_executor(), boost::asio::generic::stream_protocol(AF_UNIX, 0), ends[1]);
        theirs.non_blocking(true);
        listener_options options;
        options.now = a_moment;
        session::start(std::move(theirs), 8650, std::make_shared<server_context>(options, to.routes));
    }
    ~client() { ::close(fd_); }
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    // False: the server has closed the connection.
    bool send(std::string_view bytes) {
        const bool sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
        turn();
        return sent;
    }

    // Sends no more, and gives what was answered in all.
    std::string end() {
        ::shutdown(fd_, SHUT_WR);
        for (int turns = 0; !server_.io.stopped(); ++turns) {
            REQUIRE(turns < 10'000, "a connection ends once its client sends no more");
            turn();
        }
        return std::move(answered_);
    }

  private:
    void turn() {
        server_.io.restart();
        server_.io.poll();
        std::array<char, 16 * 1024> buffer;
        for (ssize_t count = 1; count > 0;) {
            count = ::recv(fd_, buffer.data(), buffer.size(), 0);
            if (count > 0) answered_.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }

    server& server_;
    int fd_ = -1;
    std::string answered_;
};

struct outcome {
    std::string answered;
    std::size_t requests = 0;
    std::vector<event> events;
};

outcome talk(std::string_view input, std::size_t step) {
    static server ours;
    ours.store.requests = 0;
    ours.store.events.clear();
    client peer(ours);
    for (bool open = true; open && !input.empty(); input.remove_prefix(std::min(step, input.size())))
        open = peer.send(input.substr(0, step));
    outcome found{peer.end(), ours.store.requests, std::move(ours.store.events)};
    // Whether a client is asked to go on depends on whether it already has.
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    for (std::size_t at = found.answered.find(go_on); at != std::string::npos; at = found.answered.find(go_on))
        found.answered.erase(at, go_on.size());
    return found;
}

void judge_events(const std::vector<event>& events) {
    for (const event& each : events) {
        const auto body = nlohmann::json::parse(each.body, nullptr, false);
        REQUIRE(!body.is_discarded() && body.is_object(), "what is stored is JSON to others, too");
        REQUIRE(body.at("event") == each.name && body.at("userId") == each.user_id, "under the names that it has");
        REQUIRE(each.path.ends_with("/run/event"), "and goes where single events go");
    }
}

std::size_t count(std::string_view text, std::string_view wanted) {
    std::size_t found = 0;
    for (std::size_t at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + 1))
        ++found;
    return found;
}

}  // namespace

void try_input(std::string_view input) {
    const outcome at_once = talk(input, input.size());
    const auto answers = fuzz::answers_of(at_once.answered);
    REQUIRE(answers.size() <= count(input, "\r\n\r\n") + 1, "nothing but a head is answered");
    const auto accepted =
        std::count_if(answers.begin(), answers.end(), [](const auto& each) { return each.status == 202; });
    REQUIRE(static_cast<std::size_t>(accepted) == at_once.requests, "each request that is stored is answered with 202");
    judge_events(at_once.events);
    const outcome in_pieces = talk(input, 1 + input.size() % 97);
    REQUIRE(in_pieces.answered == at_once.answered, "the pieces make no difference to the answers");
    REQUIRE(std::equal(in_pieces.events.begin(), in_pieces.events.end(), at_once.events.begin(), at_once.events.end(),
                       [](const event& a, const event& b) { return a.body == b.body && a.path == b.path; }),
            "nor to what is stored");
}

}  // namespace posthaste
