#include "daemon/server/batch_handler.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/server/admission.hpp"
#include "daemon/server/event_headers.hpp"
#include "daemon/server/packed_body.hpp"
#include "daemon/server/refusals.hpp"
#include "lib/base/free_memory.hpp"
#include "lib/base/quantity.hpp"
#include "lib/event/batch_reader.hpp"
#include "lib/http/content_type.hpp"
#include "lib/http/idempotency.hpp"

namespace posthaste {
namespace {

constexpr std::size_t slice_bytes = 128 * 1024;
constexpr std::size_t most_copied = 24 * MiB;  // with the largest body it still fits what the store takes at once

// "/2023-12/run/events" goes to "/2023-12/run/event".
std::string_view path_of_each(std::string_view path) {
    path.remove_suffix(1);
    return path;
}

event_splitter::form form_of(batch_type type) {
    return type == batch_type::json ? event_splitter::form::array : event_splitter::form::lines;
}

problem too_many(std::size_t most) {
    return {.status = 413,
            .name = "body-too-large",
            .detail = "The batch holds more than the " + std::to_string(most) +
                      " events that are taken here in one request. Nothing was stored; send less in one, or raise "
                      "limits.batch_events."};
}

problem too_many_copies() {
    return {.status = 413,
            .name = "body-too-large",
            .detail =
                "The traceparent and tracestate headers are kept with each event of the batch, and are too long "
                "for so many. Nothing was stored; send fewer events in one request, or shorter headers."};
}

problem too_large_event(std::size_t which, std::uint64_t most) {
    return {.status = 413,
            .name = "body-too-large",
            .detail = "Event " + std::to_string(which) + " of the batch (counted from 0) is over the " +
                      size_text(most) +
                      " that are taken here of one event. Nothing was stored; make it smaller, or raise limits.body."};
}

std::string to_json(const receipt& told) {
    std::string text = R"({"message":")" + std::to_string(told.events) +
                       (told.events == 1 ? R"( event queued","ids":[)" : R"( events queued","ids":[)");
    text.reserve(text.size() + told.events * (uuid_text_size + 3) + 2);
    char id[uuid_text_size];
    for (std::uint64_t n = 0; n < told.events; ++n) {
        write_uuid(following_id(told.first, n), id);
        text.append(n == 0 ? "\"" : ",\"").append(id, sizeof id).append(1, '"');
    }
    return text += "]}";
}

}  // namespace

// One batch under way.
class batch_handler::run : public std::enable_shared_from_this<run> {
  public:
    run(batch_handler& of, std::shared_ptr<exchange> request)
        : of_(of),
          limit_(of.limits_.body),
          event_limit_(of.limits_.event),
          most_events_(of.limits_.events),
          catalog_(of.catalog_),
          request_(std::move(request)),
          began_(of.how_.now().steady),
          text_(std::move(request_->body())) {}

    void start() {
        if (*coding_of(request_->head()) == coding::none) return start_reading();
        packed_ = std::exchange(text_, {});
        unpacking_.emplace(packed_, limit_);
        unpack_slice();
    }

  private:
    void unpack_slice() {
        const std::size_t had = unpacking_->text().size();
        const auto found = unpacking_->unpack(slice_bytes);
        const std::size_t grown = unpacking_->text().size() - had;
        if (auto wrong = problem_of(found, of_)) return request_->answer(*wrong);
        if (!request_->take_memory(grown)) return request_->answer(no_room_for_bodies());
        if (found == gunzip::state::more) return later(&run::unpack_slice);
        text_ = unpacking_->take();
        unpacking_.reset();
        free_memory_of(packed_);
        start_reading();
    }

    void start_reading() {
        reader_.emplace(text_, form_of(*batch_type_of(request_->head())), *catalog_,
                        batch_reader::bounds{most_events_, event_limit_});
        read_slice();
    }

    void read_slice() {
        const std::size_t had = reader_->elements().size();
        const bool more = reader_->read_on(slice_bytes);
        const std::size_t has = reader_->elements().size();
        if (has > had && !request_->take_memory((has - had) * sizeof(batch_reader::element)))
            return request_->answer(no_room_for_bodies());
        if (more) return later(&run::read_slice);
        if (reader_->too_many()) return request_->answer(too_many(most_events_));
        if (const auto which = reader_->too_large()) return request_->answer(too_large_event(*which, event_limit_));
        if (auto& fault = reader_->fault()) return request_->answer(posthaste::problem_of(*std::move(fault)));
        submit();
    }

    void submit() {
        const request_head& head = request_->head();
        submission all;
        if (const auto key = *idempotency_key_of(head))
            all.key = idempotency_of(*key, request_->by().token_digest, head.path, text_);
        event common;
        common.path = path_of_each(head.path);
        take_headers(common, head);
        const std::size_t copies = reader_->elements().size() *
                                   (common.api_version.size() + common.traceparent.size() + common.tracestate.size());
        if (copies > most_copied) return request_->answer(too_many_copies());
        if (!request_->take_memory(copies)) return request_->answer(no_room_for_bodies());
        all.events.reserve(reader_->elements().size());
        for (batch_reader::element& each : reader_->elements()) {
            of_.how_.tell_of(each.read);
            event& what = all.events.emplace_back().what;
            what = common;
            what.name = std::move(each.read.event);
            what.user_id = std::move(each.read.user_id);
            what.body = each.body;
        }
        reader_.reset();
        free_memory_of(text_);
        of_.sink_.submit(std::move(all), [self = shared_from_this()](const result<receipt, refusal>& outcome) {
            self->stored(outcome);
        });
    }

    void stored(const result<receipt, refusal>& outcome) {
        if (!outcome) return request_->answer(posthaste::problem_of(outcome.error()));
        response told{.status = 202, .body = to_json(*outcome)};
        if (outcome->replayed) told.fields = "Idempotency-Replayed: true\r\n";
        request_->answer(std::move(told));
        const steady_time now = of_.how_.now().steady;
        if (!outcome->replayed) of_.accepted_.add(now, outcome->events);
        of_.how_.note_duration(now - began_);
    }

    void later(void (run::*step)()) {
        boost::asio::post(of_.io_, [self = shared_from_this(), step] { (*self.*step)(); });
    }

    batch_handler& of_;
    const std::uint64_t limit_;
    const std::uint64_t event_limit_;
    const std::size_t most_events_;
    const std::shared_ptr<const event_catalog> catalog_;
    const std::shared_ptr<exchange> request_;
    const steady_time began_;
    std::string packed_;
    std::string text_;
    std::optional<gunzip> unpacking_;
    std::optional<batch_reader> reader_;
};

batch_handler::batch_handler(boost::asio::io_context& io, batch_limits limits, acceptance how, event_sink& sink,
                             std::shared_ptr<const event_catalog> catalog, rate_window& accepted)
    : io_(io), limits_(limits), how_(std::move(how)), sink_(sink), catalog_(std::move(catalog)), accepted_(accepted) {}

batch_handler::~batch_handler() = default;

void batch_handler::reconfigure(batch_limits limits, std::shared_ptr<const event_catalog> catalog) {
    limits_ = limits;
    catalog_ = std::move(catalog);
}

std::optional<problem> batch_handler::refuse(const request_head& head) const {
    if (const auto type = batch_type_of(head); !type) return type.error();
    return how_.refuse(head);
}

void batch_handler::handle(std::shared_ptr<exchange> request) {
    std::make_shared<run>(*this, std::move(request))->start();
}

}  // namespace posthaste
