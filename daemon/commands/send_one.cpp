// `posthaste send EVENT`: one event, and on demand what became of it.

#include <chrono>
#include <iterator>

#include <nlohmann/json.hpp>

#include "daemon/commands/refusal_text.hpp"
#include "daemon/commands/send_options.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"
#include "lib/config/file.hpp"
#include "lib/http/prefer.hpp"

namespace posthaste {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t most_data_bytes = 64 * 1024 * 1024;

result<std::string, start_failure> read_data(const std::string& data) {
    if (data == "-")
        return {boost::system::in_place_value, std::istreambuf_iterator<char>(std::cin),
                std::istreambuf_iterator<char>()};
    if (!data.starts_with('@')) return data;
    auto content = read_whole_file(data.substr(1), most_data_bytes);
    if (content) return std::move(content->text);
    return start_failure{exit_code::usage,
                         "--data: " + printable(data.substr(1)) + " cannot be read: " + content.error().reason};
}

// The daemon would tell a place in the whole body, which nobody typed; the place in the data is told here.
std::optional<std::string> data_fault(const std::string& data) {
    try {
        if (nlohmann::json::parse(data).is_object()) return std::nullopt;
        return "--data is no JSON object: expected {…}";
    } catch (const nlohmann::json::parse_error& error) {
        const bool meant_a_file = !data.starts_with('{');
        return "--data is malformed JSON at byte " + std::to_string(error.byte) + ": expected an object, {…}" +
               (meant_a_file ? " (a file is named with @: --data @data.json)" : "");
    } catch (const nlohmann::json::exception&) {
        return "--data holds a number that is out of range";
    }
}

result<std::string, start_failure> event_body(const send_options& options) {
    auto data = read_data(options.data.value_or("{}"));
    if (!data) return data;
    if (auto fault = data_fault(*data)) return start_failure{exit_code::usage, *std::move(fault)};
    try {
        return "{\"event\":" + nlohmann::json(*options.event).dump() +
               ",\"userId\":" + nlohmann::json(*options.user).dump() + ",\"data\":" + *data + "}";
    } catch (const nlohmann::json::exception&) {
        return start_failure{exit_code::usage, "EVENT and --user must be UTF-8"};
    }
}

// Whole seconds, as the daemon takes them; what that makes of the time that was typed is told.
std::optional<seconds> wait_of(const std::optional<std::string>& typed) {
    if (!typed) return std::nullopt;
    const milliseconds asked = *parse_duration(*typed);
    const seconds whole = std::min(std::chrono::ceil<seconds>(asked), longest_wait);
    if (asked > longest_wait)
        std::cerr << "posthaste send: --wait " << *typed << " counts as 60s, the longest wait there is\n";
    else if (whole != asked)
        std::cerr << "posthaste send: --wait " << *typed << " counts as " << whole.count()
                  << "s, as waits are whole seconds\n";
    return whole;
}

class one_event {
  public:
    one_event(const send_options& options, daemon_place server)
        : options_(options), client_(std::move(server)), wait_(wait_of(options.wait)) {}

    exit_code send(std::string body) {
        daemon_post request{.target = "/run/event", .body = std::move(body)};
        if (options_.key) request.fields.emplace_back("Idempotency-Key", *options_.key);
        if (wait_) {
            request.fields.emplace_back("Prefer", "wait=" + std::to_string(wait_->count()));
            request.patience += *wait_;
        }
        const auto asked_at = steady_clock::now();
        const auto answer = client_.post(std::move(request));
        if (!answer) return lost(answer.error());
        waited_ = steady_clock::now() - asked_at;
        return tell(*answer);
    }

  private:
    [[nodiscard]] exit_code lost(const lost_answer& why) const {
        if (!why.reached) return fail_to_send(why.code, why.message);
        const std::string repeat = options_.key ? "run it again, which with this key stores nothing twice"
                                                : "only with an --idempotency-key it can be sent again safely";
        return fail_to_send(why.code, why.message + "; the event may be queued all the same: " + repeat);
    }

    exit_code tell(const daemon_answer& answer) {
        const auto told = nlohmann::json::parse(answer.body, nullptr, false);
        const auto location = answer.field("Location");
        id_ = location.substr(location.rfind('/') + 1);
        const bool pending = answer.status == 202 && text_of(told, "state") == "pending";
        if (pending && !text_of(told, "id").empty()) return queued(text_of(told, "id"), answer);
        if (text_of(told, "type") == "urn:posthaste:problem:delivery-failed") return given_up(answer, told);
        // Whatever the upstream answers to an event that is delivered comes as the upstream said it.
        if (wait_ && !answer.field("Preference-Applied").empty()) return delivered(answer);
        if (options_.json) std::cout << answer.body << "\n";
        return tell_refusal("posthaste send", answer);
    }

    exit_code queued(const std::string& id, const daemon_answer& answer) {
        id_ = id;
        if (options_.json) return print_facts("pending", answer, nullptr);
        if (wait_ && is_replay(answer)) return not_waited_for();
        std::cout << "queued " << printable(id_) << replay_text(answer);
        if (wait_ && waited_ >= *wait_)
            std::cout << ", not delivered within " << wait_->count()
                      << "s; it stays queued and is delivered as soon as it can be";
        else if (wait_)
            std::cout << ", not delivered yet; the daemon did not wait for it, as its upstream is in trouble, too many "
                         "requests wait or it is about to stop. It is delivered as soon as it can be";
        std::cout << std::endl;
        return exit_code::done;
    }

    // It may be delivered or dead by now.
    [[nodiscard]] exit_code not_waited_for() const {
        std::cout << printable(id_)
                  << " was stored before with this key, and not again; a repeated request is not waited for: "
                     "\"posthaste show "
                  << printable(id_) << "\" tells how it fares" << std::endl;
        return exit_code::done;
    }

    exit_code delivered(const daemon_answer& answer) {
        if (options_.json) return print_facts("delivered", answer, {{"status", answer.status}});
        std::cout << "delivered " << printable(id_) << ", the upstream answered " << answer.status
                  << replay_text(answer) << std::endl;
        return exit_code::done;
    }

    exit_code given_up(const daemon_answer& answer, const nlohmann::json& problem) {
        if (options_.json) std::cout << answer.body << "\n";
        return fail_to_send(exit_code::failed, printable(text_of(problem, "detail"), 1200));
    }

    static std::string replay_text(const daemon_answer& answer) {
        return is_replay(answer) ? " (stored before with this key, and not again)" : "";
    }

    exit_code print_facts(const char* state, const daemon_answer& answer, const nlohmann::json& response) const {
        std::cout << nlohmann::ordered_json{{"id", id_},
                                            {"state", state},
                                            {"replayed", is_replay(answer)},
                                            {"response", response}}
                         .dump()
                  << "\n";
        return exit_code::done;
    }

    const send_options& options_;
    daemon_client client_;
    std::optional<seconds> wait_;
    steady_clock::duration waited_{};
    std::string id_;
};

}  // namespace

exit_code send_one(const send_options& options, daemon_place server) {
    auto body = event_body(options);
    if (!body) return fail_to_send(body.error().code, body.error().message);
    return one_event(options, std::move(server)).send(*std::move(body));
}

}  // namespace posthaste
