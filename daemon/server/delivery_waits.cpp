#include "daemon/server/delivery_waits.hpp"

#include <utility>

#include "lib/base/require.hpp"

namespace posthaste {
namespace {

std::string location_of(const uuid& id) {
    constexpr std::string_view name = "Location: /v1/events/";
    char text[uuid_text_size];
    write_uuid(id, text);
    std::string line;
    line.reserve(name.size() + sizeof text + 2);
    return line.append(name).append(text, sizeof text).append("\r\n");
}

std::string applied(seconds wait) {
    return "Preference-Applied: wait=" + std::to_string(wait.count()) + "\r\n";
}

response delivered(const uuid& id, seconds wait, watched_end& how) {
    response answer{.status = static_cast<unsigned>(how.status), .fields = applied(wait) + location_of(id)};
    if (how.answer.is_cut) {
        answer.body = R"({"message":"Event delivered; the upstream's answer is too long to be passed on","id":")" +
                      to_string(id) + R"(","state":"delivered"})";
        return answer;
    }
    answer.content_type = how.answer.content_type;
    answer.body = std::move(how.answer.body);
    return answer;
}

problem dead(const uuid& id, seconds wait, const watched_end& how) {
    problem what{.status = 502, .name = "delivery-failed", .fields = applied(wait) + location_of(id)};
    what.detail = "The upstream did not take event " + to_string(id) + ", which is dead (" +
                  std::string(to_string(how.reason)) + ")";
    if (how.last_error) {
        const auto& [at, status, message] = *how.last_error;
        what.upstream = upstream_refusal{status, message};
        what.detail += status ? ": it answered " + std::to_string(*status) + ", " + message : ": " + message;
    }
    what.detail += ". It is kept, and can be retried once the reason is gone.";
    return what;
}

}  // namespace

response accepted(const uuid& id) {
    constexpr std::string_view before = R"({"message":"Event queued","id":")";
    constexpr std::string_view behind = R"(","state":"pending"})";
    char text[uuid_text_size];
    write_uuid(id, text);
    response answer{.status = 202, .fields = location_of(id)};
    answer.body.reserve(before.size() + sizeof text + behind.size());
    answer.body.append(before).append(text, sizeof text).append(behind);
    return answer;
}

delivery_waits::delivery_waits(boost::asio::io_context& io, delivery_waits_options options)
    : io_(io), options_(std::move(options)) {}

std::optional<std::uint64_t> delivery_waits::begin() {
    if (stopping_ || waits_.size() >= options_.most) return {};
    waits_.try_emplace(++last_);
    return last_;
}

void delivery_waits::stored(std::uint64_t watch, std::shared_ptr<exchange> request, const uuid& id, seconds most) {
    const auto found = waits_.find(watch);
    if (found == waits_.end()) return request->answer(accepted(id));  // the daemon stops
    wait& begun = found->second;
    begun = {std::move(request), id, most, std::make_unique<timer>(io_.get_executor(), most)};
    begun.over->async_wait([this, watch](const boost::system::error_code& cancelled) {
        if (!cancelled) time_over(watch);
    });
}

void delivery_waits::give_up(std::uint64_t watch) {
    waits_.erase(watch);
}

void delivery_waits::time_over(std::uint64_t watch) {
    const auto over = waits_.extract(watch);
    if (!over) return;
    options_.leave(watch);
    over.mapped().request->answer(accepted(over.mapped().id));
}

void delivery_waits::ended(watched_end how) {
    auto over = waits_.extract(how.watch);
    if (!over) return;
    REQUIRE(over.mapped().request, "the store tells us of a commit before delivery hears of it");
    conclude(std::move(over.mapped()), std::move(how));
}

// Whoever asks for the event afterwards must find it as it is told here, and so must a restart: the answer comes behind
// the commit of the settlement.
void delivery_waits::conclude(wait ended, watched_end how) {
    if (how.what == watched_end::kind::not_up) return ended.request->answer(accepted(ended.id));
    options_.find(ended.id, [request = std::move(ended.request), id = ended.id, most = ended.most,
                             how = std::move(how)](const std::optional<event_facts>&) mutable {
        if (how.what == watched_end::kind::delivered)
            request->answer(delivered(id, most, how));
        else
            request->answer(dead(id, most, how));
    });
}

void delivery_waits::stop() {
    stopping_ = true;
    for (auto& [watch, each] : std::exchange(waits_, {}))
        if (each.request) each.request->answer(accepted(each.id));
}

}  // namespace posthaste
