#include "daemon/server/by_hand_handler.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "daemon/server/refusals.hpp"
#include "lib/http/content_type.hpp"

namespace posthaste {

namespace {

// On a slow disk, so that a client learns how far it got, and never gives up waiting.
constexpr seconds longest_call{2};

}  // namespace

// One call under way: counts what matches (the first call only), then works through it.
class by_hand_handler::run : public std::enable_shared_from_this<run> {
  public:
    run(by_hand_handler& of, std::shared_ptr<exchange> request, by_hand_call call)
        : what_(of.what_),
          source_(of.source_),
          request_(std::move(request)),
          which_(std::move(call.which)),
          limit_(call.limit),
          began_(source_.now().steady) {
        which_.died_by = call.progress ? call.progress->died_by : source_.now().wall;
        if (!call.progress) return;
        counted_ = true;
        left_ = call.progress->left;
        which_.after = call.progress->after;
        which_.through = call.progress->through;
    }

    void start() {
        if (counted_) return work();
        selection_request all = which_;
        all.limit = std::numeric_limits<std::size_t>::max();
        count(std::move(all));
    }

  private:
    // `which` moves on, and which_ stays in front of the first that matches.
    void count(selection_request which) {
        const selection_request asked = which;
        source_.select(asked,
                       [self = shared_from_this(), which = std::move(which)](const selection_page& page) mutable {
                           if (self->which_.through == max_sequence) self->which_.through = which.through = page.newest;
                           if (self->left_ == 0 && !page.numbers.empty()) self->which_.after = page.numbers.front() - 1;
                           self->left_ += page.numbers.size();
                           if (page.reached_end) return self->counted();
                           which.after = page.last;
                           self->count(which);
                       });
    }

    void counted() {
        over_ = left_ == 0;
        if (over_) return answer();
        work();
    }

    void work() {
        which_.limit = limit_ - done_;
        if (which_.limit == 0) return answer();
        if (which_.state == event_state::dead)
            work_on_dead();
        else
            work_on_pending();
    }

    void work_on_dead() {
        const auto kind = what_ == task::retry ? dead_request::kind::retry : dead_request::kind::discard;
        source_.dead({kind, which_}, [self = shared_from_this()](const result<dead_report, refusal>& outcome) {
            if (!outcome) return self->stop(outcome.error());
            if (outcome->disk_full) return self->stop(refusal::disk_full);
            self->stayed_ += outcome->skipped;
            self->did(outcome->done, outcome->done + outcome->skipped, outcome->last, outcome->reached_end);
        });
    }

    void work_on_pending() {
        which_.limit = std::min<std::size_t>(which_.limit, 500);
        source_.select(which_, [self = shared_from_this()](const selection_page& page) {
            if (page.numbers.empty()) return self->did(0, 0, page.last, page.reached_end);
            self->source_.withdraw(page.numbers, [self, page](std::size_t in_flight) {
                self->stayed_ += in_flight;
                self->withdrawn_ = {page.numbers.front(), page.numbers.back(), in_flight};
                self->did(page.numbers.size() - in_flight, page.numbers.size(), page.last, page.reached_end);
            });
        });
    }

    void did(std::size_t count, std::size_t matched, sequence last, bool reached_end) {
        done_ += count;
        left_ -= std::min<std::uint64_t>(left_, matched);
        which_.after = last;
        over_ = reached_end || left_ == 0;
        if (over_ || source_.now().steady - began_ >= longest_call) return answer();
        work();
    }

    // What was withdrawn is durable once the store has come to a question that was asked behind it, and no longer
    // there; but where the disk has no room for a word of it.
    void answer() {
        if (which_.state == event_state::dead || withdrawn_.first == 0) return tell();
        selection_request left = which_;
        left.after = withdrawn_.first - 1;
        left.through = withdrawn_.last;
        left.limit = withdrawn_.in_flight + 1;
        source_.select(left, [self = shared_from_this()](const selection_page& found) {
            if (found.numbers.size() <= self->withdrawn_.in_flight) return self->tell();
            self->request_->answer(problem_of(
                refusal::disk_full,
                std::to_string(self->done_) + " events are not sent any more, but that all of them are discarded could "
                                              "not be written: after a crash some would be sent all the same.",
                "Repeat the call for the rest"));
        });
    }

    void tell() {
        nlohmann::ordered_json told = {{what_ == task::retry ? "retried" : "discarded", done_},
                                       {"remaining", (over_ ? 0 : left_) + stayed_},
                                       {"continue", nullptr}};
        if (!over_) told["continue"] = to_continuation({which_.after, which_.through, left_, *which_.died_by});
        request_->answer(response{.body = told.dump()});
    }

    void stop(refusal why) {
        const bool unknown = why == refusal::store_unavailable;
        const std::string outcome =
            std::to_string(done_) +
            (what_ == task::retry ? " events were put back into the queue, and " : " events were removed, and ") +
            (unknown ? "more may have been." : "the rest was left as it is.");
        request_->answer(problem_of(why, outcome, "Repeat the call for the rest"));
    }

    const task what_;
    const by_hand_source& source_;
    const std::shared_ptr<exchange> request_;
    selection_request which_;
    const std::size_t limit_;
    const steady_time began_;
    bool counted_ = false;
    bool over_ = false;
    std::uint64_t left_ = 0;  // that match and were not looked at
    struct {
        sequence first = 0;
        sequence last = 0;
        std::size_t in_flight = 0;
    } withdrawn_;             // the last page of them
    std::size_t stayed_ = 0;  // were in flight, or are damaged
    std::size_t done_ = 0;
};

std::optional<problem> by_hand_handler::refuse(const request_head& head) const {
    if (head.has_body()) {
        if (std::optional<problem> wrong = refuse_unless_json(head, "the filter")) return wrong;
        if (std::optional<problem> wrong = refuse_coded(head)) return wrong;
    }
    if (const std::optional<refusal> why = source_.refusing()) return problem_of_change(*why);
    return {};
}

void by_hand_handler::handle(std::shared_ptr<exchange> request) {
    auto call =
        read_by_hand_call(request->body(), what_ == task::retry ? by_hand_state::dead : by_hand_state::as_given);
    if (!call) return request->answer(call.error());
    std::make_shared<run>(*this, std::move(request), *std::move(call))->start();
}

}  // namespace posthaste
