// Fills an outbox through its own library: make_backlog PATH EVENTS OF_ONE_USER [DEAD]
//
// Events of 300 bytes from 100,000 users in turn; OF_ONE_USER of them, spread over the whole, are of one user more.
// With DEAD, the first of them is the only one of the user "rare", and so many more events are among them that were
// rejected.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "lib/outbox/batch.hpp"

namespace {

using namespace posthaste;

constexpr std::size_t body_bytes = 300;
constexpr std::size_t events_a_commit = 64;
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

settlement rejection_of(const pending_event& what, wall_time now) {
    settlement out;
    out.what = settlement::kind::dead;
    out.number = what.number;
    out.at = now;
    out.history.attempts = 1;
    out.history.first_failed_at = now;
    out.history.last_error = attempt_error{.at = now, .status = 422, .message = "no such user"};
    return out;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4 && count != 5) return 2;
    const long dead = count == 5 ? std::atol(arguments[4]) : 0;
    const long events = std::atol(arguments[2]) + dead;
    const long every = std::atol(arguments[3]) > 0 ? events / std::atol(arguments[3]) : 0;
    const auto dies = [&](long at) { return (at + 1) * dead / events > at * dead / events; };  // evenly among them
    queue_settings queue;
    queue.path = arguments[1];
    queue.durability = durability::process;
    queue.max_events = 1'000'000'000;
    queue.max_bytes = 1024 * GiB;
    // A commit's time is a while after that of the one before, as ids begin with it.
    auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) - std::chrono::hours{24};
    auto box = outbox::open(queue, now);
    if (!box) {
        std::fprintf(stderr, "make_backlog: %s\n", box.error().message.c_str());
        return 1;
    }
    std::uint64_t state = 1;
    const std::function<std::uint64_t()> random = [&] { return state = state * 6364136223846793005U + 1; };
    std::vector<settlement> rejections;
    for (long done = 0; done < events || !rejections.empty();) {
        batch work;
        work.settlements = std::exchange(rejections, {});
        now += milliseconds{10};
        const long first = done;
        for (; work.appends.size() < events_a_commit && done < events; ++done) {
            const bool hot = every > 0 && done % every == 0;
            const bool rare = dead > 0 && done == 0;
            work.appends.emplace_back().what = event_of(hot    ? "hot"
                                                        : rare ? "rare"
                                                               : "user " + std::to_string(done % users));
        }
        if (!commit_batch(**box, work, {.now = now, .random = random})) return 1;
        for (long at = first; at < done; ++at)
            if (dead > 0 && dies(at))
                rejections.push_back(rejection_of(work.appends[static_cast<std::size_t>(at - first)], now));
        if ((*box)->checkpoint_due() && !(*box)->checkpoint()) return 1;
    }
    return (*box)->checkpoint_whole() ? 0 : 1;
}
