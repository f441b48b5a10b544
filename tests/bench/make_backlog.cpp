// Fills an outbox through its own library: make_backlog PATH EVENTS OF_ONE_USER
//
// Events of 300 bytes from 100,000 users in turn; OF_ONE_USER of them, spread over the whole, are of one user more.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "lib/outbox/batch.hpp"

namespace {

using namespace posthaste;

constexpr std::size_t body_bytes = 300;
constexpr long users = 100'000;

event event_of(const std::string& user) {
    std::string body = R"({"event": "Ticket Created", "userId": ")" + user +
                       R"(", "data": {"ticketName": "Refund request", )" +
                       R"("customerEmail": "ada@example.com", "description": ")";
    body += std::string(body_bytes - body.size() - 3, 'x') + "\"}}";
    return {.name = "Ticket Created",
            .user_id = user,
            .path = "/run/event",
            .api_version = "",
            .traceparent = "",
            .tracestate = "",
            .body = std::move(body)};
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) return 2;
    const long events = std::atol(arguments[2]);
    const long every = std::atol(arguments[3]) > 0 ? events / std::atol(arguments[3]) : 0;
    queue_settings queue;
    queue.path = arguments[1];
    queue.durability = durability::process;
    queue.max_events = 1'000'000'000;
    queue.max_bytes = 1024 * GiB;
    auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    auto box = outbox::open(queue, now);
    if (!box) {
        std::fprintf(stderr, "make_backlog: %s\n", box.error().message.c_str());
        return 1;
    }
    std::uint64_t state = 1;
    const std::function<std::uint64_t()> random = [&] { return state = state * 6364136223846793005U + 1; };
    for (long done = 0; done < events;) {
        batch work;
        for (; work.appends.size() < 4096 && done < events; ++done) {
            const bool hot = every > 0 && done % every == 0;
            work.appends.emplace_back().what = event_of(hot ? "hot" : "user " + std::to_string(done % users));
        }
        if (!commit_batch(**box, work, {.now = now, .random = random})) return 1;
        if ((*box)->checkpoint_due() && !(*box)->checkpoint()) return 1;
    }
    return (*box)->checkpoint_whole() ? 0 : 1;
}
