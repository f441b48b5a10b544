// `posthaste send`: one event to a running daemon, and on demand what became of it.

#include <chrono>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "daemon/commands/client.hpp"
#include "daemon/commands/client_options.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"
#include "lib/config/file.hpp"

namespace posthaste {

namespace {

constexpr std::size_t most_data_bytes = 64 * 1024 * 1024;
constexpr milliseconds first_pause{20};
constexpr milliseconds longest_pause{500};

struct send_options {
    std::string event;
    std::string user;
    std::string data = "{}";
    std::optional<std::string> wait;
    client_options daemon;
    bool json = false;
};

exit_code fail(exit_code code, const std::string& what) {
    std::cerr << "posthaste send: " << what << "\n";
    return code;
}

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
        return "--data is malformed JSON at byte " + std::to_string(error.byte) + ": expected an object, {…}";
    } catch (const nlohmann::json::exception&) {
        return "--data holds a number that is out of range";
    }
}

result<std::string, start_failure> event_body(const send_options& options) {
    auto data = read_data(options.data);
    if (!data) return data;
    if (auto fault = data_fault(*data)) return start_failure{exit_code::usage, *std::move(fault)};
    try {
        return "{\"event\":" + nlohmann::json(options.event).dump() +
               ",\"userId\":" + nlohmann::json(options.user).dump() + ",\"data\":" + *data + "}";
    } catch (const nlohmann::json::exception&) {
        return start_failure{exit_code::usage, "EVENT and --user must be UTF-8"};
    }
}

class sender {
  public:
    sender(const send_options& options, daemon_place server, std::string body)
        : options_(options), client_(std::move(server)), body_(std::move(body)) {}

    exit_code send() {
        const auto answer = client_.post_json("/run/event", std::move(body_));
        if (!answer) return fail(answer.error().code, answer.error().message);
        if (answer->status != 202) {
            if (options_.json) std::cout << answer->body << "\n";
            return tell_refusal("posthaste send", *answer);
        }
        id_ = text_of(nlohmann::json::parse(answer->body, nullptr, false), "id");
        if (id_.empty()) return fail(exit_code::failed, "answered 202 without an id: is it another program?");
        if (options_.json && !options_.wait) std::cout << answer->body << "\n";
        if (!options_.json) std::cout << "queued " << printable(id_) << std::endl;
        return options_.wait ? wait_for_end() : exit_code::done;
    }

  private:
    exit_code wait_for_end() {
        const auto deadline = std::chrono::steady_clock::now() + *parse_duration(*options_.wait);
        std::string last = "it is still pending";
        for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
            const auto facts = client_.get("/v1/events/" + id_);
            // A daemon that is gone may be restarting: the event is on its disk.
            last = facts ? "it is still pending" : facts.error().message;
            if (facts) {
                if (const auto outcome = settled(*facts)) return *outcome;
            }
            const auto now = std::chrono::steady_clock::now();
            if (now >= deadline) break;
            std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(pause, deadline - now));
        }
        return fail(exit_code::failed, "not delivered within " + *options_.wait + " (" + last +
                                           "); the event stays queued and is delivered as soon as it can be");
    }

    // Empty while the event is pending.
    std::optional<exit_code> settled(const daemon_answer& answer) {
        if (answer.status == 404) {
            // Pending and dead events are kept, so it was delivered and the facts of that are not.
            if (options_.json) std::cout << nlohmann::json{{"id", id_}, {"state", "delivered"}}.dump() << "\n";
            if (!options_.json) std::cout << "delivered " << printable(id_) << "\n";
            return exit_code::done;
        }
        const auto facts = nlohmann::json::parse(answer.body, nullptr, false);
        const auto state = text_of(facts, "state");
        if (state != "delivered" && state != "dead") return std::nullopt;
        if (options_.json) std::cout << answer.body << "\n";
        if (state == "dead") return tell_death(facts);
        if (!options_.json) std::cout << "delivered " << printable(id_) << "\n";
        return exit_code::done;
    }

    exit_code tell_death(const nlohmann::json& facts) const {
        auto why = text_of(facts, "reason");
        if (facts.contains("lastError")) {
            if (const auto message = text_of(facts["lastError"], "message"); !message.empty()) why += ": " + message;
        }
        return fail(exit_code::failed, "event " + printable(id_) + " is dead, " + printable(why, 1200));
    }

    const send_options& options_;
    daemon_client client_;
    std::string body_;
    std::string id_;
};

exit_code run_send(const send_options& options) {
    auto server = find_daemon(options.daemon);
    if (!server) return fail(server.error().code, server.error().message);
    auto body = event_body(options);
    if (!body) return fail(body.error().code, body.error().message);
    return sender(options, *std::move(server), *std::move(body)).send();
}

std::string duration_fault(const std::string& text) {
    return parse_duration(text) ? "" : "expected a duration with its unit, such as 10s";
}

}  // namespace

void add_send_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<send_options>();
    auto* send = app.add_subcommand("send", "Send one event to the running daemon");
    send->add_option("EVENT", options->event, "The event's name")->required();
    send->add_option("--user", options->user, "The user it belongs to: its userId")->type_name("ID")->required();
    send->add_option("--data", options->data, "The event's data: JSON, - for standard input, or @FILE; {} without it")
        ->type_name("JSON|-|@FILE");
    send->add_option("--wait", options->wait, "Wait so long for its delivery, such as 10s")
        ->type_name("DURATION")
        ->check(duration_fault);
    add_client_options(*send, options->daemon);
    send->add_flag("--json", options->json, "Print the daemon's answer as JSON");
    send->callback([options, &chosen] { chosen = [options] { return run_send(*options); }; });
}

}  // namespace posthaste
