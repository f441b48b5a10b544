// `posthaste send --ndjson`: the lines of a file as events, in requests of many.
//
// Each request has an Idempotency-Key of its own that stays the same when it is repeated, so that neither a connection
// that was cut off nor a second run with the same --idempotency-key stores anything twice.
//
// Where the daemon does not take so many events at once, a request is repeated with the first of them, under the same
// key: request N is what follows request N - 1, however much that is, and the daemon takes one request under a key. So
// what another run stored as request N is passed in one way only, by a repeat of its very bytes, and request N + 1
// begins where it began for that run: limits and room may have changed in between, and nothing can be stored twice.
// A repeat that is larger than what was stored is refused (422 idempotency-key-reused) and cut down as the other was,
// until it is the same. One that cannot become the same, as the lines are others or the daemon takes less than it
// did, ends the run. After a 413 all the requests that follow are as small; after a full queue only the one that
// found no room, since there may be more of it again.

#include <array>
#include <chrono>
#include <random>
#include <utility>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/commands/event_piece.hpp"
#include "daemon/commands/interruption.hpp"
#include "daemon/commands/progress_bar.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "daemon/commands/refused_lines.hpp"
#include "daemon/commands/send_options.hpp"
#include "daemon/supervisor/chance.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"
#include "lib/http/retry_after.hpp"

namespace posthaste {

namespace {

using std::chrono::steady_clock;

// Before a request whose answer was lost is repeated: together enough for a daemon that is started anew.
constexpr std::array<milliseconds, 6> pauses{milliseconds{100}, milliseconds{200},  milliseconds{400},
                                             milliseconds{800}, milliseconds{1600}, milliseconds{3200}};

constexpr const char* key_reused = "idempotency-key-reused";

std::string random_key() {
    std::random_device system;
    std::string key;
    for (int digit = 0; digit < 32; ++digit)
        key += "0123456789abcdef"[system() % 16];
    return key;
}

std::string events_text(std::uint64_t count) {
    return grouped(count) + (count == 1 ? " event" : " events");
}

class sender_of_lines {
  public:
    sender_of_lines(const send_options& options, daemon_place server, line_source lines)
        : options_(options),
          client_(std::move(server)),
          lines_(std::move(lines)),
          key_(options.key ? *options.key : random_key()) {}

    exit_code run() {
        if (!options_.json && bar_.draws()) total_ = lines_.count_ahead();
        for (;;) {
            piece_.fill_from(lines_, most_);
            if (interruption::seen()) return stopped("interrupted");
            if (!lines_.trouble().empty()) return stopped(lines_.trouble());
            if (piece_.empty()) return finished();
            ++requests_;
            draw();
            if (const auto ended = send_piece()) return *ended;
        }
    }

  private:
    // Empty: it is queued.
    std::optional<exit_code> send_piece() {
        std::size_t lost = 0;
        std::size_t maybe_stored = 0;  // so many events were in a request whose answer was lost
        for (;;) {
            const auto answer = client_.post({.target = "/run/events",
                                              .content_type = "application/x-ndjson",
                                              .body = std::string(piece_.text()),
                                              .fields = {{"Idempotency-Key", key_ + "-" + std::to_string(requests_)}}});
            daemon_seen_ = daemon_seen_ || answer || answer.error().reached;
            if (answer && answer->status == 202) return took(*answer, maybe_stored == piece_.events());
            if (answer && answer->status == 503 && !answer->field("Retry-After").empty()) {
                if (!wait_out(*answer)) return stopped("interrupted");
                shorten(*answer);
                continue;
            }
            if (answer && shorten(*answer)) continue;
            if (answer) return refused(*answer, maybe_stored > 0);
            if (answer.error().reached) maybe_stored = piece_.events();
            // One that was there may come back; where none ever was, none runs.
            if (lost == pauses.size() || !daemon_seen_) return stopped(answer.error().message, maybe_stored > 0);
            if (!interruption::sleep_until(steady_clock::now() + pauses[lost++]))
                return stopped("interrupted", maybe_stored > 0);
        }
    }

    // True: that answer may not come to fewer of the piece's events, and there are fewer of them now.
    bool shorten(const daemon_answer& answer) {
        const bool too_large = answer.status == 413;
        if (!too_large && !is_problem(answer, "queue-full") && !is_problem(answer, key_reused)) return false;
        if (piece_.events() == 1) return false;
        piece_.keep_first(event_piece::fewer_than(piece_.events()));
        if (too_large) most_ = piece_.events();
        return true;
    }

    std::optional<exit_code> took(const daemon_answer& answer, bool repeated) {
        const auto told = nlohmann::json::parse(answer.body, nullptr, false);
        if (!told.is_object() || !told.contains("ids") || told["ids"].size() != piece_.events())
            return stopped("the answer is not posthaste's: is it another program?", true);
        // What came of a request of this very run is no earlier one's.
        (is_replay(answer) && !repeated ? replayed_ : queued_) += piece_.events();
        told_busy_.clear();
        return std::nullopt;
    }

    // False: a person wants no more.
    bool wait_out(const daemon_answer& answer) {
        const auto now = read_clocks();
        const auto pause = parse_retry_after(answer.field("Retry-After"), now.wall).value_or(seconds{5});
        const auto why = text_of(nlohmann::json::parse(answer.body, nullptr, false), "detail");
        if (std::exchange(told_busy_, why) != why) {
            bar_.clear();
            std::cerr << "posthaste send: waiting, and going on by itself: " << printable(why, 1024) << "\n";
            draw();
        }
        return interruption::sleep_until(now.steady + pause);
    }

    // `maybe_stored`: by an earlier try, whose answer was lost.
    exit_code refused(const daemon_answer& answer, bool maybe_stored) {
        bar_.clear();
        if (const auto wrong = refused_lines(answer, piece_, lines_); !wrong.empty()) {
            for (const std::string& each : wrong)
                std::cerr << each << "\n";
            return stopped("", maybe_stored);
        }
        if (is_problem(answer, key_reused)) {
            return stopped(
                "the daemon knows this --idempotency-key from other lines, or from more lines at once than its "
                "limits.batch_events and limits.batch_body let through now: put back what was changed, or send with "
                "another key what is not queued yet (422)",
                true);
        }
        const bool one_too_large = answer.status == 413;
        tell_refusal(one_too_large ? lines_.place(piece_.line_number(0)) : "posthaste send", answer);
        return stopped("", maybe_stored);
    }

    exit_code finished() {
        bar_.clear();
        if (options_.json)
            print_json(true);
        else
            std::cout << "queued " << events_text(queued_) << before_text() << "\n";
        return exit_code::done;
    }

    // Says why, what is queued and what was not sent, and how to go on.
    exit_code stopped(std::string why, bool maybe_stored = false) {
        bar_.clear();
        if (options_.json) print_json(false);
        if (!why.empty()) why += "; ";
        why += events_text(queued_) + (queued_ == 1 ? " was" : " were") + " queued" + before_text();
        if (piece_.empty())
            why += ", and the rest was not sent";
        else if (maybe_stored)
            why += ", those from " + lines_.place(piece_.line_number(0)) + " on may be, and the rest was not sent";
        else
            why += ", and what stands from " + lines_.place(piece_.line_number(0)) + " on was not";
        if (queued_ + replayed_ > 0 || maybe_stored)
            why += ". Go on with --idempotency-key " + key_ + ", and what is queued is not queued again";
        return fail_to_send(exit_code::failed, why);
    }

    [[nodiscard]] std::string before_text() const {
        if (replayed_ == 0) return "";
        return ", " + grouped(replayed_) + " had been queued before with this --idempotency-key";
    }

    void draw() {
        const std::uint64_t done = queued_ + replayed_;
        rate_.note(steady_clock::now(), done);
        if (options_.json) return;
        const auto left = total_ > done ? rate_.time_for(total_ - done) : std::nullopt;
        bar_.show({done, total_ == 0 ? 0 : std::max(total_, done), rate_.per_second(), left});
    }

    void print_json(bool complete) const {
        std::cout << nlohmann::ordered_json{{"complete", complete},
                                            {"queued", queued_},
                                            {"replayed", replayed_},
                                            {"idempotencyKey", key_}}
                         .dump()
                  << "\n";
    }

    const send_options& options_;
    daemon_client client_;
    line_source lines_;
    std::string key_;
    event_piece piece_;
    progress_bar bar_{STDOUT_FILENO};
    progress_rate rate_;
    std::uint64_t total_ = 0;  // lines; 0: not known
    bool daemon_seen_ = false;
    std::size_t most_ = event_piece::most_lines;  // that a request has
    std::uint64_t requests_ = 0;
    std::uint64_t queued_ = 0;    // by this run
    std::uint64_t replayed_ = 0;  // by an earlier one with the same key
    std::string told_busy_;       // why the daemon took nothing, as last told
};

}  // namespace

exit_code send_many(const send_options& options, daemon_place server) {
    auto lines = line_source::open(*options.ndjson);
    if (!lines) return fail_to_send(lines.error().code, "--ndjson: " + lines.error().message);
    const interruption watched;
    return sender_of_lines(options, std::move(server), *std::move(lines)).run();
}

}  // namespace posthaste
