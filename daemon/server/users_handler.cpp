#include "daemon/server/users_handler.hpp"

#include <algorithm>
#include <utility>

#include "daemon/server/event_headers.hpp"
#include "lib/base/percent.hpp"
#include "lib/base/text.hpp"

namespace posthaste {
namespace {

// Which answer was used the longest ago need not be known more finely, and knowing costs a write.
constexpr milliseconds used_lately = std::chrono::minutes{10};

problem unavailable(const lookup_outcome& outcome) {
    problem what{.status = 503, .name = "upstream-unavailable", .retry_after = seconds{5}};
    what.detail = "This user is not known here yet, and the upstream cannot be asked";
    if (!outcome.asked)
        what.detail += ": it is not up (posthaste status tells why), or too many wait for it";
    else if (!outcome.outcome.status)
        what.detail += ": " + outcome.outcome.message;
    else if (outcome.outcome.answer && outcome.outcome.answer->is_cut)
        what.detail += ": its answer is too long";
    else
        what.detail += ": it answered " + std::to_string(*outcome.outcome.status) + ", " + outcome.outcome.message;
    what.detail += ". Try again in a moment; events of users that are known are taken all the while.";
    return what;
}

// Whoever resolves dot segments (RFC 3986, section 5.2.4) would answer for something else than a user, and with our
// key.
bool has_dot_segment(std::string_view name) {
    while (true) {
        const std::size_t end = std::min(name.find_first_of("/\\"), name.size());
        const std::string_view segment = name.substr(0, end);
        if (segment == "." || segment == "..") return true;
        if (end == name.size()) return false;
        name.remove_prefix(end + 1);
    }
}

}  // namespace

users_handler::users_handler(user_source source, std::string target, milliseconds max_age, std::size_t most_waiting,
                             std::function<instant()> now)
    : source_(std::move(source)),
      target_(std::move(target)),
      max_age_(max_age),
      most_waiting_(most_waiting),
      now_(std::move(now)) {}

void users_handler::reconfigure(std::string target, milliseconds max_age, std::size_t most_waiting) {
    target_ = std::move(target);
    max_age_ = max_age;
    most_waiting_ = most_waiting;
}

std::optional<problem> users_handler::refuse(const request_head& head) const {
    const auto name = percent_decoded(head.path.substr(head.path.rfind('/') + 1));
    if (!name || has_dot_segment(*name))
        return problem{.status = 404,
                       .name = "not-found",
                       .detail = "There is no user at " + printable(head.path) +
                                 ": in a path \".\" and \"..\" stand for another place."};
    return refuse_api_version(head);
}

void users_handler::handle(std::shared_ptr<exchange> request) {
    const request_head& head = request->head();
    user_lookup what{std::string(head.path), std::string(head.field("x-api-version"))};
    const identity_key key = key_of(target_, what);
    source_.kept(key,
                 [this, request = std::move(request), key, what = std::move(what)](std::optional<kept_identity> kept) {
                     if (key != key_of(target_, what)) kept.reset();  // of an account that was replaced meanwhile
                     if (kept && is_fresh(*kept, now_().wall, max_age_)) return serve(*request, key, *kept);
                     ask(request, key, what, std::move(kept));
                 });
}

void users_handler::ask(const std::shared_ptr<exchange>& request, const identity_key& key, const user_lookup& what,
                        std::optional<kept_identity> kept) {
    if (waiting_ >= most_waiting_) return answered(*request, key, what, std::move(kept), {});
    ++waiting_;
    source_.ask(what, [this, request, key, what, kept = std::move(kept)](lookup_outcome outcome) mutable {
        --waiting_;
        answered(*request, key, what, std::move(kept), std::move(outcome));
    });
}

void users_handler::answered(exchange& request, const identity_key& key, const user_lookup& what,
                             std::optional<kept_identity> kept, lookup_outcome outcome) {
    if (key != key_of(target_, what)) kept.reset();
    switch (judge(outcome, kept.has_value())) {
        case identity_verdict::serve_kept:
            return serve(request, key, *std::move(kept));
        case identity_verdict::unavailable:
            return request.answer(unavailable(outcome));
        case identity_verdict::pass_and_keep:
            keep(outcome, what);
            break;
        case identity_verdict::pass_and_erase:
            erase(outcome, what);
            break;
        case identity_verdict::pass:
            break;
    }
    upstream_answer& answer = *outcome.outcome.answer;
    request.answer(response{.status = static_cast<unsigned>(*outcome.outcome.status),
                            .content_type = answer.content_type,
                            .body = std::move(answer.body)});
}

void users_handler::serve(exchange& request, const identity_key& key, kept_identity kept) {
    const wall_time now = now_().wall;
    const auto age = std::max(std::chrono::floor<seconds>(now - kept.fetched_at), seconds{0});
    if (now - kept.used_at >= used_lately) {
        source_.change({.what = identity_change::kind::touch, .key = key});
    }
    request.answer(response{.status = 200,
                            .content_type = kept.content_type,
                            .fields = "Age: " + std::to_string(age.count()) + "\r\n",
                            .body = std::move(kept.body)});
}

void users_handler::erase(const lookup_outcome& outcome, const user_lookup& what) {
    if (outcome.target.empty()) return;
    source_.change({.what = identity_change::kind::erase, .key = key_of(outcome.target, what), .answer = {}});
}

// Under whom it came from, which a reload may have changed since it was asked for.
void users_handler::keep(const lookup_outcome& outcome, const user_lookup& what) {
    const wall_time now = now_().wall;
    const upstream_answer& answer = *outcome.outcome.answer;
    source_.change({.what = identity_change::kind::keep,
                    .key = key_of(outcome.target, what),
                    .answer = {now, now, answer.content_type, answer.body}});
}

}  // namespace posthaste
