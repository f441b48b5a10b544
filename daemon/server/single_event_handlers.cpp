#include "daemon/server/single_event_handlers.hpp"

#include <functional>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/server/refusals.hpp"
#include "daemon/server/show_event_handler.hpp"

namespace posthaste {
namespace {

problem delivered_already(const uuid& id) {
    return {.status = 409,
            .name = "already-delivered",
            .detail = "Event " + to_string(id) + " was delivered, and nothing is left of it to be sent or removed."};
}

problem in_flight(const uuid& id) {
    return {.status = 409,
            .name = "in-flight",
            .detail = "Event " + to_string(id) +
                      " is being sent at this moment, so that it cannot be removed. Try again once its attempt has "
                      "ended."};
}

problem damaged(const uuid& id) {
    return {
        .status = 409,
        .name = "damaged-event",
        .detail = "Event " + to_string(id) +
                  " is damaged on the disk and cannot be sent. It can be looked at, exported by hand, or discarded."};
}

// That one event.
selection_request only(sequence number) {
    return {.after = number - 1, .through = number, .limit = 1};
}

using change = std::function<void(std::shared_ptr<exchange> request, const event_facts& found)>;

// Looks up the event whose id stands in a path. One that is not there, or is delivered, is answered here.
void look_up(const event_finder& find, std::shared_ptr<exchange> request, std::string_view text, change then) {
    const std::optional<uuid> id = parse_uuid(text);
    if (!id) return request->answer(unknown_event_id(text));
    find(*id,
         [request = std::move(request), then = std::move(then), id = *id](const std::optional<event_facts>& found) {
             if (!found) return request->answer(unknown_event_id(to_string(id)));
             if (found->state == event_state::delivered) return request->answer(delivered_already(id));
             then(request, *found);
         });
}

// Whether the store has done it; if not, the request is answered.
bool is_done(exchange& request, const result<dead_report, refusal>& outcome) {
    if (outcome && !outcome->disk_full) return true;
    request.answer(problem_of_change(outcome ? refusal::disk_full : outcome.error()));
    return false;
}

std::optional<problem> refuse_while(const by_hand_source& source) {
    if (const std::optional<refusal> why = source.refusing()) return problem_of_change(*why);
    return {};
}

// Whoever was taken out is found no more; but where the disk has no room for a word of it.
problem unwritten_discard() {
    return problem_of(refusal::disk_full,
                      "The event is not sent any more, but that it is discarded could not be written: after a crash it "
                      "would be sent all the same.",
                      "It is written by itself");
}

void discarded_one(exchange& request) {
    request.answer(response{.body = R"({"discarded":1,"remaining":0})"});
}

}  // namespace

std::optional<problem> retry_event_handler::refuse(const request_head&) const {
    return refuse_while(source_);
}

void retry_event_handler::handle(std::shared_ptr<exchange> request) {
    std::string_view path = request->head().path;
    path.remove_suffix(std::string_view("/retry").size());
    const std::string_view text = path.substr(path.rfind('/') + 1);
    look_up(find_, std::move(request), text, [this](std::shared_ptr<exchange> asked, const event_facts& found) {
        const uuid id = found.id;
        if (found.state == event_state::pending) return hasten(asked, found);
        const dead_request again{dead_request::kind::retry, only(found.number)};
        source_.dead(again, [this, asked, id](const result<dead_report, refusal>& outcome) {
            if (!is_done(*asked, outcome)) return;
            if (outcome->skipped > 0) return asked->answer(damaged(id));
            show(asked, id);
        });
    });
}

void retry_event_handler::hasten(std::shared_ptr<exchange> request, const event_facts& found) {
    hasten_(found.number, [this, request = std::move(request), id = found.id, name = found.name] {
        if (spdlog::should_log(spdlog::level::debug)) spdlog::debug("event {}: due now, by hand", named(id, name));
        show(request, id);
    });
}

void retry_event_handler::show(std::shared_ptr<exchange> request, const uuid& id) {
    find_(id, [request = std::move(request), id](const std::optional<event_facts>& found) {
        if (!found) return request->answer(unknown_event_id(to_string(id)));
        request->answer(response{.body = to_json(*found)});
    });
}

std::optional<problem> discard_event_handler::refuse(const request_head&) const {
    return refuse_while(source_);
}

void discard_event_handler::handle(std::shared_ptr<exchange> request) {
    const std::string_view path = request->head().path;
    const std::string_view text = path.substr(path.rfind('/') + 1);
    look_up(find_, std::move(request), text, [this](std::shared_ptr<exchange> asked, const event_facts& found) {
        if (found.state == event_state::pending) return discard_pending(asked, found.id, found.number);
        discard_dead(asked, found.number);
    });
}

void discard_event_handler::discard_dead(const std::shared_ptr<exchange>& request, sequence number) {
    const dead_request removal{dead_request::kind::discard, only(number)};
    source_.dead(removal, [request](const result<dead_report, refusal>& outcome) {
        if (is_done(*request, outcome)) discarded_one(*request);
    });
}

void discard_event_handler::discard_pending(std::shared_ptr<exchange> request, const uuid& id, sequence number) {
    source_.withdraw({number}, [this, request = std::move(request), id](std::size_t flying) {
        if (flying > 0) return request->answer(in_flight(id));
        confirm(request, id);
    });
}

// The answer comes behind the commit; an attempt may have ended before we asked.
void discard_event_handler::confirm(std::shared_ptr<exchange> request, const uuid& id) {
    find_(id, [this, request = std::move(request), id](const std::optional<event_facts>& found) {
        if (found && found->state == event_state::delivered) return request->answer(delivered_already(id));
        if (found && found->state == event_state::dead) return discard_dead(request, found->number);
        if (found && found->state == event_state::pending) return request->answer(unwritten_discard());
        discarded_one(*request);
    });
}

}  // namespace posthaste
