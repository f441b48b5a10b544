#include "daemon/server/post_event_handler.hpp"

#include <utility>

#include "daemon/server/event_headers.hpp"
#include "daemon/server/packed_body.hpp"
#include "daemon/server/refusals.hpp"
#include "lib/http/content_type.hpp"
#include "lib/http/idempotency.hpp"
#include "lib/http/prefer.hpp"

namespace posthaste {

post_event_handler::post_event_handler(std::uint64_t body_limit, acceptance how, event_sink& sink,
                                       std::shared_ptr<const event_catalog> catalog, rate_window& accepted,
                                       delivery_waits* waits)
    : body_limit_(body_limit),
      how_(std::move(how)),
      sink_(sink),
      catalog_(std::move(catalog)),
      accepted_(accepted),
      waits_(waits) {}

void post_event_handler::reconfigure(std::uint64_t body_limit, std::shared_ptr<const event_catalog> catalog) {
    body_limit_ = body_limit;
    catalog_ = std::move(catalog);
}

std::optional<problem> post_event_handler::refuse(const request_head& head) const {
    if (std::optional<problem> wrong = refuse_unless_json(head)) return wrong;
    return how_.refuse(head);
}

void post_event_handler::handle(std::shared_ptr<exchange> request) {
    const steady_time began = how_.now().steady;
    const request_head& head = request->head();
    if (*coding_of(head) == coding::gzip) {
        if (std::optional<problem> wrong = unpack(*request, *this)) return request->answer(*wrong);
    }
    result<envelope, envelope_fault> read = read_envelope(request->body(), *catalog_);
    if (!read) return request->answer(problem_of(std::move(read).error()));
    how_.tell_of(*read);
    std::optional<idempotency> key;
    if (const auto given = *idempotency_key_of(head))
        key = idempotency_of(*given, request->by().token_digest, head.path, request->body());
    event what;
    what.name = std::move(read->event);
    what.user_id = std::move(read->user_id);
    what.path = head.path;
    what.body = std::move(request->body());
    take_headers(what, head);
    if (key || (waits_ != nullptr && preferred_wait(head)))
        return submit(std::move(request), std::move(what), key, began);
    sink_.append(std::move(what), [this, waiting = std::move(request), began](const result<uuid, refusal>& outcome) {
        stored(*waiting, outcome, began);
    });
}

void post_event_handler::submit(std::shared_ptr<exchange> request, event what, const std::optional<idempotency>& key,
                                steady_time began) {
    const auto wait = waits_ != nullptr ? preferred_wait(request->head()) : std::nullopt;
    const auto watch = wait ? waits_->begin() : std::nullopt;
    submission one{.events = {}, .key = key};
    pending_event& only = one.events.emplace_back();
    only.what = std::move(what);
    only.watch = watch.value_or(0);
    sink_.submit(std::move(one),
                 [this, waiting = std::move(request), watch, wait, began](const result<receipt, refusal>& outcome) {
                     if (outcome && !outcome->replayed && watch) {
                         accepted_.add(how_.now().steady);
                         return waits_->stored(*watch, waiting, outcome->first, *wait);
                     }
                     if (watch) waits_->give_up(*watch);
                     if (!outcome) return waiting->answer(problem_of(outcome.error()));
                     if (!outcome->replayed) return stored(*waiting, outcome->first, began);
                     response again = accepted(outcome->first);
                     again.fields += "Idempotency-Replayed: true\r\n";
                     waiting->answer(std::move(again));
                     if (!watch) how_.note_duration(how_.now().steady - began);
                 });
}

void post_event_handler::stored(exchange& request, const result<uuid, refusal>& outcome, steady_time began) {
    if (!outcome) return request.answer(problem_of(outcome.error()));
    request.answer(accepted(*outcome));
    const steady_time now = how_.now().steady;
    accepted_.add(now);
    how_.note_duration(now - began);
}

}  // namespace posthaste
