// `posthaste events`: what is kept, the newest first.

#include <charconv>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/commands/client.hpp"
#include "daemon/commands/client_options.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/event_filter.hpp"
#include "daemon/commands/event_list.hpp"
#include "daemon/commands/interruption.hpp"
#include "daemon/commands/progress_bar.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "lib/base/percent.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr std::size_t largest_page = 500;  // as many as the daemon gives at once
constexpr std::size_t largest_limit = 1'000'000;

struct events_options {
    std::optional<std::string> state;
    event_filter filter;
    std::size_t limit = 50;
    client_options daemon;
    bool json = false;
};

exit_code fail(exit_code code, const std::string& what) {
    std::cerr << "posthaste events: " << what << "\n";
    return code;
}

// Reads page after page: with a filter a page may be short, or empty, and there is more.
class lister {
  public:
    lister(const events_options& options, daemon_place server) : options_(options), client_(std::move(server)) {}

    exit_code run() {
        while (found_.size() < options_.limit && !interruption::seen()) {
            const auto answer = client_.get(target());
            bar_.clear();
            if (!answer) return fail(answer.error().code, answer.error().message);
            if (answer->status != 200) return tell_refusal("posthaste events", *answer);
            if (!take(*answer)) return fail(exit_code::failed, "the answer is not posthaste's: is it another program?");
            if (cursor_.empty()) break;
            bar_.show({found_.size(), options_.limit, 0, {}});
        }
        bar_.clear();
        print();
        if (!interruption::seen() || cursor_.empty()) return exit_code::done;
        return fail(exit_code::failed, "interrupted before all were looked at: more may match");
    }

  private:
    [[nodiscard]] std::string target() const {
        std::string text = "/v1/events?limit=" + std::to_string(std::min(options_.limit - found_.size(), largest_page));
        if (options_.state) text += "&state=" + *options_.state;
        text += options_.filter.query();
        if (!cursor_.empty()) text += "&cursor=" + percent_encoded(cursor_);
        return text;
    }

    bool take(const daemon_answer& answer) {
        auto page = nlohmann::ordered_json::parse(answer.body, nullptr, false);
        if (!page.is_object() || !page.contains("events") || !page["events"].is_array()) return false;
        for (auto& one : page["events"])
            found_.push_back(std::move(one));
        const auto next = page.find("nextCursor");
        cursor_ = next != page.end() && next->is_string() ? next->get<std::string>() : "";
        return true;
    }

    void print() const {
        if (options_.json) {
            const auto next = cursor_.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(cursor_);
            std::cout << nlohmann::ordered_json{{"events", found_}, {"nextCursor", next}}.dump() << "\n";
            return;
        }
        const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
        std::cout << event_list(nlohmann::json(found_), now, screen_of(STDOUT_FILENO));
        if (found_.empty()) std::cerr << "no such event is kept\n";
        if (found_.size() >= options_.limit && !cursor_.empty())
            std::cerr << "the newest " << grouped(found_.size()) << "; there may be more: --limit N\n";
    }

    const events_options& options_;
    daemon_client client_;
    progress_bar bar_{STDOUT_FILENO};
    nlohmann::ordered_json found_ = nlohmann::ordered_json::array();
    std::string cursor_;  // empty: from the newest one on; at the end: nothing is left
};

exit_code run_events(const events_options& options) {
    auto server = find_daemon(options.daemon);
    if (!server) return fail(server.error().code, server.error().message);
    const interruption watched;
    return lister(options, *std::move(server)).run();
}

std::string state_fault(const std::string& text) {
    return text == "pending" || text == "delivered" || text == "dead" ? "" : "expected pending, delivered or dead";
}

std::string limit_fault(const std::string& text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool fine =
        error == std::errc{} && end == text.data() + text.size() && number >= 1 && number <= largest_limit;
    return fine ? "" : "expected a whole number from 1 to 1000000, found \"" + printable(text, 60) + "\"";
}

}  // namespace

void add_events_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<events_options>();
    auto* command_line = app.add_subcommand("events", "List the events that are kept, the newest first");
    command_line->footer(
        "TRIES are the attempts so far; WHY is why it is dead, or why the last attempt failed. On a terminal the "
        "table\n"
        "is cut to fit; posthaste show ID tells all of one event.");
    command_line->add_option("--state", options->state, "Only those that are pending, delivered or dead")
        ->type_name("STATE")
        ->check(state_fault);
    add_filter_options(*command_line, options->filter);
    command_line->add_option("--limit", options->limit, "So many at most [50]")->type_name("N")->check(limit_fault);
    add_client_options(*command_line, options->daemon);
    command_line->add_flag("--json", options->json, "Print them as JSON, as GET /v1/events answers");
    command_line->callback([options, &chosen] { chosen = [options] { return run_events(*options); }; });
}

}  // namespace posthaste
