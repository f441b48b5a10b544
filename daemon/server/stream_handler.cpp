#include "daemon/server/stream_handler.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "daemon/server/optional_json.hpp"
#include "daemon/server/refusals.hpp"
#include "lib/http/query_string.hpp"

namespace posthaste {

namespace {

constexpr seconds between_beats{1};

std::string event_text(std::string_view name, std::string_view data) {
    std::string text("event: ");
    return text.append(name).append("\ndata: ").append(data).append("\n\n");
}

problem too_many_listeners() {
    return {.status = 503,
            .name = "busy",
            .detail = std::to_string(stream_handler::most_listeners) +
                      " listeners follow the stream already, which is as many as there may be. Close a dashboard, or "
                      "ask GET /v1/status.",
            .retry_after = seconds{5}};
}

// Empty where none was asked for.
std::optional<sha256_digest> digest_of(const caller& by) {
    sha256_digest digest;
    if (by.token_digest.size() != digest.size()) return std::nullopt;
    std::ranges::copy(by.token_digest, digest.begin());
    return digest;
}

}  // namespace

// What a round of questions brought.
struct stream_handler::news {
    instant now;
    const rate_history& accepted;
    const rate_history& delivered;
    std::string status;  // the event's text

    // The event with the rates of the spans from `first` to before `end`.
    [[nodiscard]] std::string rates(std::int64_t first, std::int64_t end) const {
        const auto begun = std::chrono::ceil<milliseconds>(now.steady - steady_time(first * rate_history::each));
        const auto rounded = [](std::vector<double> values) {
            for (double& each : values)
                each = std::round(each * 10) / 10;
            return values;
        };
        return event_text("rates", dumped({{"from", to_rfc3339(now.wall - begun)},
                                           {"secondsEach", rate_history::each.count()},
                                           {"accepted", rounded(accepted.per_second(first, end))},
                                           {"delivered", rounded(delivered.per_second(first, end))}}));
    }
};

class stream_handler::stream final : public body_source, public auto_unlinked {
  public:
    stream(stream_handler& of, bool each_span, std::optional<sha256_digest> token)
        : of_(of), each_span_(each_span), token_(token) {}

    void next(std::function<void(std::string part)> give) override {
        if (over_) return give({});
        give_ = std::move(give);
        if (!told_ && !of_.asking_) of_.ask(audience::newcomers);
    }
    [[nodiscard]] bool is_endless() const noexcept override { return true; }

    [[nodiscard]] bool is_new() const noexcept { return !told_; }

    // As the request was, had it come now.
    [[nodiscard]] bool is_allowed_by(const access_tokens& tokens) const noexcept {
        if (tokens.empty()) return true;
        const access_token* known = token_ ? find_token(tokens, *token_) : nullptr;
        return known != nullptr && known->scope >= access_scope::operators;
    }

    // Nothing, where the part before was not yet taken.
    void tell(const news& what) {
        if (!give_) return;
        const auto end = rate_history::span_of(what.now.steady);
        const auto first = std::max(told_.value_or(0), end - rate_history::length);
        const bool wanted = first < end && (each_span_ || is_new());
        std::string part = wanted ? what.rates(first, end) : std::string();
        told_ = end;
        std::exchange(give_, nullptr)(part += what.status);
    }
    // Once what is under way was taken.
    void end() {
        over_ = true;
        if (give_) std::exchange(give_, nullptr)({});
    }

  private:
    stream_handler& of_;
    const bool each_span_;
    const std::optional<sha256_digest> token_;
    bool over_ = false;
    std::function<void(std::string part)> give_;
    std::optional<std::int64_t> told_;  // the spans before this one
};

stream_handler::stream_handler(boost::asio::io_context& io, const status_handler& status, const rate_window& accepted,
                               delivered_source delivered, std::function<instant()> now, access_tokens tokens)
    : status_(status),
      accepted_(accepted),
      delivered_(std::move(delivered)),
      now_(std::move(now)),
      tokens_(std::move(tokens)),
      beat_(io.get_executor()) {}

stream_handler::~stream_handler() = default;

void stream_handler::handle(std::shared_ptr<exchange> request) {
    static constexpr std::array<std::string_view, 1> known{"rates"};
    const auto given = query_string::parse(request->head().query, known);
    if (!given) return request->answer(given.error());
    const std::string rates = given->get("rates").value_or("once");
    if (rates != "once" && rates != "each") return request->answer(invalid_query("rates must be once or each."));
    if (stopping_)
        return request->answer(problem_of(refusal::shutting_down, "The stream was not begun.", "Ask for it again"));
    if (streams_.size() >= most_listeners) return request->answer(too_many_listeners());
    const auto begun = std::make_shared<stream>(*this, rates == "each", digest_of(request->by()));
    streams_.push_back(*begun);
    if (!beating_) keep_beating();
    request->answer_in_parts(
        {.content_type = "text/event-stream", .fields = "Cache-Control: no-store\r\n", .close = true}, begun);
}

void stream_handler::keep_beating() {
    beating_ = !streams_.empty() && !stopping_;
    if (!beating_) return;
    beat_.expires_after(between_beats);
    beat_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        end_where([this](const stream& each) { return !each.is_allowed_by(tokens_); });
        if (!asking_ && !streams_.empty()) ask(audience::all);
        keep_beating();
    });
}

void stream_handler::ask(audience whom) {
    asking_ = true;
    delivered_([this, whom](const rate_history& delivered) {
        status_.describe([this, whom, delivered](const std::string& object) {
            asking_ = false;
            tell(whom, {now_(), accepted_.history(), delivered, event_text("status", object)});
        });
    });
}

// Whoever is told may leave at that, for good.
void stream_handler::tell(audience whom, const news& what) {
    for (auto next = streams_.begin(); next != streams_.end();) {
        stream& each = *next++;
        if (whom == audience::all || each.is_new()) each.tell(what);
    }
}

void stream_handler::stop() {
    stopping_ = true;
    beat_.cancel();
    end_where([](const stream&) { return true; });
}

// Whoever is told may leave at that, for good.
template <class Condition>
void stream_handler::end_where(const Condition& condition) {
    for (auto next = streams_.begin(); next != streams_.end();) {
        stream& each = *next++;
        if (condition(each)) each.end();
    }
}

}  // namespace posthaste
