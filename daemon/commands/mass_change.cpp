#include "daemon/commands/mass_change.hpp"

#include <algorithm>
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/commands/interruption.hpp"
#include "daemon/commands/progress_bar.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

using json = nlohmann::ordered_json;

std::string detail_of(const daemon_answer& answer) {
    return text_of(nlohmann::json::parse(answer.body, nullptr, false), "detail");
}

// The call itself is unknown there: an event that is not there is a 404, too, but says so in other words.
bool lacks_the_call(const daemon_answer& answer) {
    return answer.status == 405 || (answer.status == 404 && detail_of(answer).starts_with("There is nothing at "));
}

std::string was(std::uint64_t count) {
    return events_text(count) + (count == 1 ? " was " : " were ");
}

// Counts, draws, and tells the end.
class change_report {
  public:
    explicit change_report(const change_words& words) : words_(words) {}

    void note(std::uint64_t done, std::uint64_t left) {
        done_ = done;
        left_ = left;
        rate_.note(std::chrono::steady_clock::now(), done);
        if (!words_.as_json) bar_.show({done, done + left, rate_.per_second(), rate_.time_for(left)});
    }

    void say(const std::string& what) {
        bar_.clear();
        std::cerr << "posthaste " << words_.name << ": " << what << "\n";
    }

    // Nothing more can be done.
    exit_code stop(const start_failure& why) {
        say(why.message + done_before_that());
        print(json::object());
        return why.code;
    }

    exit_code refused(const daemon_answer& answer) {
        if (lacks_the_call(answer))
            return stop({exit_code::failed,
                         "the daemon that answers is of an older version, which cannot do that: "
                         "update it, and restart it"});
        bar_.clear();
        const auto code = tell_refusal("posthaste " + words_.name, answer);
        if (done_ > 0) say(was(done_) + words_.done + " before that");
        print(json::object());
        return code;
    }

    exit_code interrupted() {
        say("interrupted: " + was(done_) + words_.done + ", and " + grouped(left_) + " left as they were");
        print({{"remaining", left_}});
        return exit_code::failed;
    }

    // All were looked at, and so many of those that matched stayed as they are.
    exit_code over(std::uint64_t stayed) {
        if (stayed > 0) say(events_text(stayed) + " " + words_.stayed);
        return end({{"remaining", stayed}}, stayed > 0 ? exit_code::failed : exit_code::done);
    }

    exit_code end(const json& more, exit_code code) {
        bar_.clear();
        if (!words_.as_json) std::cout << words_.done << " " << events_text(done_) << "\n";
        print(more);
        return code;
    }

  private:
    [[nodiscard]] std::string done_before_that() const {
        return done_ == 0 ? "" : "; " + was(done_) + words_.done + " before that";
    }

    void print(const json& more) const {
        if (!words_.as_json) return;
        json out = {{words_.done, done_}};
        out.update(more);
        std::cout << out.dump() << "\n";
    }

    const change_words& words_;
    std::uint64_t done_ = 0;
    std::uint64_t left_ = 0;
    progress_bar bar_{STDOUT_FILENO};
    progress_rate rate_;
};

// This one event cannot be changed, and others may.
bool is_about_the_event(const daemon_answer& answer) {
    return (answer.status == 404 || answer.status == 409) && !lacks_the_call(answer) && !detail_of(answer).empty();
}

// The event as it is now, or how many were removed.
bool is_done(const daemon_answer& answer, const change_words& words) {
    const auto told = nlohmann::json::parse(answer.body, nullptr, false);
    return answer.status == 204 ||
           (answer.status == 200 && (!text_of(told, "id").empty() || number_of(told, words.done.c_str())));
}

}  // namespace

exit_code change_each(const std::vector<std::string>& ids, const change_words& words, const change_one& change) {
    change_report report(words);
    json failed = json::array();
    std::uint64_t done = 0;
    std::uint64_t left = ids.size();
    for (const auto& id : ids) {
        if (interruption::seen()) return report.interrupted();
        const auto answer = change(id);
        if (!answer) return report.stop(answer.error());
        --left;
        if (is_about_the_event(*answer)) {
            const auto detail = detail_of(*answer);
            report.say(printable(detail, 1024) + " (" + std::to_string(answer->status) + ")");
            failed.push_back({{"id", id}, {"status", answer->status}, {"detail", detail}});
        } else if (is_done(*answer, words)) {
            ++done;
        } else {
            return report.refused(*answer);
        }
        report.note(done, left);
    }
    return report.end({{"failed", failed}}, failed.empty() ? exit_code::done : exit_code::failed);
}

exit_code change_matching(const daemon_client& client, const change_words& words, json wanted) {
    change_report report(words);
    std::uint64_t done = 0;
    std::optional<std::uint64_t> matched;
    for (;;) {
        const auto answer = client.post_json("/v1/" + words.name, wanted.dump());
        if (!answer) return report.stop(answer.error());
        if (answer->status != 200) return report.refused(*answer);
        const auto told = nlohmann::json::parse(answer->body, nullptr, false);
        const auto now = number_of(told, words.done.c_str());
        const auto left = number_of(told, "remaining");
        if (!now || !left)
            return report.stop({exit_code::failed, "the answer is not posthaste's: is it another program?"});
        done += *now;
        if (!matched) matched = done + *left;
        report.note(done, *left);
        // A call looks at a slice of the queue: it may have changed nothing, and there is more.
        const auto go_on = text_of(told, "continue");
        if (*left == 0 || go_on.empty()) return report.over(*matched - std::min(*matched, done));
        if (interruption::seen()) return report.interrupted();
        wanted["continue"] = go_on;
    }
}

}  // namespace posthaste
