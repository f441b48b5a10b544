#include "daemon/server/import_handler.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "daemon/server/admission.hpp"
#include "daemon/server/refusals.hpp"
#include "lib/base/free_memory.hpp"
#include "lib/base/quantity.hpp"
#include "lib/http/content_type.hpp"
#include "lib/http/event_lines.hpp"

namespace posthaste {

namespace {

constexpr std::size_t slice_bytes = 64 * KiB;
constexpr std::size_t group_bytes = 1 * MiB;
constexpr std::size_t group_events = 1'000;
constexpr std::size_t most_errors = 100;
constexpr std::string_view blank = " \t\r\n";

bool has_many_lines(std::string_view text) {
    const auto end = text.find_first_of('\n', std::min(text.find_first_not_of(blank), text.size()));
    return end != std::string_view::npos && text.find_first_not_of(blank, end) != std::string_view::npos;
}

// It was read to its end, so that the connection can go on.
problem too_large_for_many_lines() {
    return {.status = 413,
            .name = "body-too-large",
            .detail = "The body is over the " + size_text(import_handler::most_bytes) +
                      " that are taken here of more than one line. Nothing was imported. Split it by lines, and send "
                      "fewer in one request; a single line may be longer."};
}

// One import under way.
class import_run : public std::enable_shared_from_this<import_run> {
  public:
    // `largest_event`: as POST /run/event would take it, or more where that is little.
    import_run(boost::asio::io_context& io, const event_importer& store, std::shared_ptr<exchange> request,
               std::uint64_t largest_event)
        : io_(io),
          store_(store),
          request_(std::move(request)),
          text_(std::move(request_->body())),
          largest_event_(largest_event) {}

    void read_slice() {
        const std::size_t until = std::min(at_ + slice_bytes, text_.size());
        while (at_ < until && errors_.size() < most_errors && !malformed_)
            read_next_line();
        if (malformed_) return request_->answer(*malformed_);
        if (!request_->take_memory(std::exchange(made_, 0))) return request_->answer(no_room_for_bodies());
        if (at_ < text_.size() && errors_.size() < most_errors)
            return boost::asio::post(io_, [self = shared_from_this()] { self->read_slice(); });
        free_memory_of(text_);
        if (!errors_.empty()) return refuse();
        std::ranges::reverse(events_);  // groups are taken from the back
        store_group();
    }

  private:
    void read_next_line() {
        const std::size_t end = std::min(text_.find('\n', at_), text_.size());
        const std::string_view line = std::string_view(text_).substr(at_, end - at_);
        const std::size_t begin = std::exchange(at_, end + 1);
        const std::size_t number = lines_++;
        if (line.find_first_not_of(blank) == std::string_view::npos) return;
        auto read = read_line(line);
        if (read && read->what.body.size() > largest_event_) {
            errors_.push_back({"/" + std::to_string(number) + "/body", "is longer than limits.body"});
            return;
        }
        if (read) {
            made_ += sizeof(pending_event) + read->what.body.size();
            events_.push_back(*std::move(read));
            return;
        }
        line_fault fault = std::move(read).error();
        if (fault.malformed) return note_malformed(begin + fault.malformed->offset, fault.malformed->reason);
        for (field_error& error : fault.errors)
            errors_.push_back({"/" + std::to_string(number) + error.pointer, std::move(error.detail)});
    }

    // Ends the reading, whatever else is wrong.
    void note_malformed(std::size_t offset, const std::string& reason) {
        malformed_ = posthaste::problem_of(malformed_json(text_, offset, reason));
        malformed_->detail = "Nothing was imported, as line " + std::to_string(malformed_->place->line) +
                             " is no JSON that can be accepted: at column " +
                             std::to_string(malformed_->place->column) + " (byte " + std::to_string(offset) +
                             " of the body), " + reason;
    }

    void refuse() {
        request_->answer(problem{.status = 422,
                                 .name = "invalid-event",
                                 .detail = "Nothing was imported: " + errors_.front().pointer + " " +
                                           errors_.front().detail +
                                           ". The pointers begin with the line, counted from 0.",
                                 .errors = std::move(errors_)});
    }

    void store_group() {
        std::vector<pending_event> group;
        std::size_t bytes = 0;
        while (!events_.empty() && group.size() < group_events && bytes < group_bytes) {
            bytes += events_.back().what.body.size();
            group.push_back(std::move(events_.back()));
            events_.pop_back();
        }
        if (group.empty()) return answer();
        store_(std::move(group),
               [self = shared_from_this()](const result<import_report, refusal>& outcome) { self->stored(outcome); });
    }

    void stored(const result<import_report, refusal>& outcome) {
        if (!outcome) return stop(outcome.error());
        imported_ += outcome->imported;
        known_ += outcome->known;
        if (outcome->queue_full) return stop(refusal::queue_full);
        if (outcome->disk_full) return stop(refusal::disk_full);
        store_group();
    }

    // Part of it may be stored.
    void stop(refusal why) {
        const bool unknown = why == refusal::store_unavailable;
        const std::string outcome =
            "Of this import " + std::to_string(imported_) +
            (unknown ? " events are stored, and more of it may be." : " events were stored, and the rest was not.");
        request_->answer(problem_of(why, outcome, "What is stored will be skipped: repeat the import"));
    }

    void answer() {
        const nlohmann::ordered_json told = {{"imported", imported_}, {"skipped", known_}};
        request_->answer(response{.body = told.dump()});
    }

    boost::asio::io_context& io_;
    const event_importer& store_;
    std::shared_ptr<exchange> request_;
    std::string text_;
    const std::uint64_t largest_event_;
    std::size_t at_ = 0;
    std::size_t lines_ = 0;
    std::uint64_t made_ = 0;  // bytes of events, since they were last counted
    std::vector<pending_event> events_;
    std::vector<field_error> errors_;
    std::optional<problem> malformed_;
    std::size_t imported_ = 0;
    std::size_t known_ = 0;
};

}  // namespace

std::optional<problem> import_handler::refuse(const request_head& head) const {
    if (std::optional<problem> wrong = refuse_unless_ndjson(head)) return wrong;
    if (const std::optional<refusal> why = refusing_())
        return problem_of(*why, "Nothing was imported.", "Repeat the import");
    return {};
}

void import_handler::handle(std::shared_ptr<exchange> request) {
    if (request->body().size() > most_bytes && has_many_lines(request->body()))
        return request->answer(too_large_for_many_lines());
    const std::uint64_t largest_event = std::max(most_bytes, largest_event_);
    std::make_shared<import_run>(io_, store_, std::move(request), largest_event)->read_slice();
}

}  // namespace posthaste
