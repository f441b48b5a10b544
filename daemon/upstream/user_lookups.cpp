#include "daemon/upstream/user_lookups.hpp"

#include <algorithm>
#include <utility>

namespace posthaste {

user_lookups::user_lookups(boost::asio::io_context& io, std::function<instant()> now, std::function<bool()> may_ask)
    : may_ask_(std::move(may_ask)), pool_(io, std::move(now), *this) {}

void user_lookups::use(std::shared_ptr<const upstream_peer> peer) {
    const bool other = !peer_ || peer_->target != peer->target;
    peer_ = std::move(peer);
    pool_.use(peer_);
    if (!other) return;
    // Whom they reach in the end cannot be told for sure: a connection that broke is replaced by one to the new peer.
    for (auto& each : running_)
        if (each) each->target.clear();
}

user_lookups::question* user_lookups::find(const user_lookup& what) {
    // One that began with another key or URL is none of ours.
    for (auto& each : running_)
        if (each && each->what == what && each->target == peer_->target) return &*each;
    const auto found = std::ranges::find(waiting_, what, &question::what);
    return found == waiting_.end() ? nullptr : &*found;
}

void user_lookups::ask(user_lookup what, reply then) {
    if (question* same = find(what)) return same->replies.push_back(std::move(then));
    question next{.what = std::move(what), .replies = {}};
    next.replies.push_back(std::move(then));
    const auto free = std::ranges::find(running_, false, &std::optional<question>::has_value);
    if (free != running_.end()) return start(static_cast<std::size_t>(free - running_.begin()), std::move(next));
    if (waiting_.size() >= most_waiting) return answer(next, {});
    waiting_.push_back(std::move(next));
}

void user_lookups::start(std::size_t place, question next) {
    question& begun = running_[place].emplace(std::move(next));
    begun.target = peer_->target;
    send(static_cast<std::uint32_t>(place), false);
}

void user_lookups::send(std::uint32_t place, bool on_a_new_connection) {
    pool_.start({.place = place, .lookup = &running_[place]->what, .keeps_answer = true}, on_a_new_connection);
}

void user_lookups::attempt_ended(std::uint32_t place, attempt_outcome outcome) {
    end(place, {.asked = true, .outcome = std::move(outcome), .target = running_[place]->target});
}

void user_lookups::attempt_unsent(std::uint32_t place) {
    if (may_ask_()) return send(place, true);
    end(place, {});
}

void user_lookups::end(std::uint32_t place, lookup_outcome outcome) {
    const question ended = *std::exchange(running_[place], std::nullopt);
    if (!waiting_.empty() && may_ask_()) {
        question next = std::move(waiting_.front());
        waiting_.pop_front();
        start(place, std::move(next));
    }
    answer(ended, outcome);
    if (may_ask_()) return;
    for (const question& each : std::exchange(waiting_, {}))
        answer(each, {});
}

void user_lookups::answer(const question& of, const lookup_outcome& outcome) {
    for (const reply& each : of.replies)
        each(outcome);
}

void user_lookups::close() {
    pool_.close();
    for (auto& each : running_)
        if (each) answer(*std::exchange(each, std::nullopt), {});
    for (const question& each : std::exchange(waiting_, {}))
        answer(each, {});
}

}  // namespace posthaste
