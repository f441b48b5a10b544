#include "daemon/store/answers.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>

#include "lib/base/require.hpp"

namespace posthaste {
namespace {

namespace asio = boost::asio;

result<uuid, refusal> answer_of(const uuid& id, append_outcome outcome) {
    switch (outcome) {
        case append_outcome::stored:
            return id;
        case append_outcome::queue_full:
            return refusal::queue_full;
        case append_outcome::disk_full:
            return refusal::disk_full;
    }
    require_failed("append_outcome", "no such outcome", __FILE__, __LINE__);
}

result<receipt, refusal> answer_of(const submission_outcome& outcome) {
    switch (outcome.what) {
        case submission_outcome::kind::stored:
        case submission_outcome::kind::replayed:
            return outcome.told;
        case submission_outcome::kind::key_reused:
            return refusal::key_reused;
        case submission_outcome::kind::queue_full:
            return refusal::queue_full;
        case submission_outcome::kind::disk_full:
            return refusal::disk_full;
    }
    require_failed("submission_outcome", "no such outcome", __FILE__, __LINE__);
}

// Behind the appends, as their numbers are.
void add_submitted(std::vector<submission>& from, const std::vector<submission_outcome>& outcomes,
                   std::vector<pending_event>& to) {
    for (std::size_t at = 0; at < from.size(); ++at) {
        if (outcomes[at].what == submission_outcome::kind::stored) {
            std::ranges::move(from[at].events, std::back_inserter(to));
        }
    }
}

std::vector<pending_event> stored_events(std::vector<pending_event> events,
                                         const std::vector<append_outcome>& outcomes) {
    std::size_t kept = 0;
    for (std::size_t at = 0; at < events.size(); ++at) {
        if (outcomes[at] == append_outcome::stored && at != kept++) {
            events[kept - 1] = std::move(events[at]);
        }
    }
    events.resize(kept);
    return events;
}

bool has_imported(const batch_outcome& outcome) {
    return std::ranges::any_of(outcome.imports, [](const import_report& one) { return one.imported > 0; });
}

bool has_revived(const batch& work, const batch_outcome& outcome) {
    for (std::size_t at = 0; at < work.by_hand.size(); ++at) {
        if (work.by_hand[at].what == dead_request::kind::retry && outcome.by_hand[at].done > 0) {
            return true;
        }
    }
    return false;
}

void answer_read(const read_reply& reply, read_answer answer) {
    std::visit(
        [&reply](auto& given) {
            using kind = std::remove_reference_t<decltype(given)>;
            std::get<std::function<void(kind)>>(reply)(std::move(given));
        },
        answer);
}

}  // namespace

void answer_appends(asio::io_context& accept, store_batch& done, const std::vector<append_outcome>& outcomes) {
    if (done.append_replies.empty()) {
        return;
    }
    std::vector<result<uuid, refusal>> results;
    results.reserve(outcomes.size());
    for (std::size_t at = 0; at < outcomes.size(); ++at) {
        results.push_back(answer_of(done.work.appends[at].id, outcomes[at]));
    }
    asio::post(accept, [replies = std::move(done.append_replies), results = std::move(results)] {
        for (std::size_t at = 0; at < replies.size(); ++at) {
            replies[at](results[at]);
        }
    });
    done.append_replies.clear();
}

void answer_submissions(asio::io_context& accept, store_batch& done, const std::vector<submission_outcome>& outcomes) {
    std::vector<lookup_answer> answers;
    for (std::size_t at = 0; at < done.submit_replies.size(); ++at) {
        answers.emplace_back(
            [reply = std::move(done.submit_replies[at]), answer = answer_of(outcomes[at])] { reply(answer); });
    }
    done.submit_replies.clear();
    answer_lookups(accept, std::move(answers));
}

void answer_imports(asio::io_context& accept, store_batch& done, const std::vector<import_report>& reports) {
    std::vector<lookup_answer> answers;
    for (std::size_t at = 0; at < done.import_replies.size(); ++at) {
        answers.emplace_back([reply = std::move(done.import_replies[at]), report = reports[at]] { reply(report); });
    }
    done.import_replies.clear();
    answer_lookups(accept, std::move(answers));
}

void answer_by_hand(asio::io_context& accept, store_batch& done, const std::vector<dead_report>& reports) {
    std::vector<lookup_answer> answers;
    for (std::size_t at = 0; at < done.dead_replies.size(); ++at) {
        answers.emplace_back([reply = std::move(done.dead_replies[at]), report = reports[at]] { reply(report); });
    }
    done.dead_replies.clear();
    answer_lookups(accept, std::move(answers));
}

void refuse_all(asio::io_context& accept, std::vector<append_reply> replies, refusal why) {
    asio::post(accept, [replies = std::move(replies), why] {
        for (const auto& reply : replies) {
            reply(why);
        }
    });
}

void tell_delivery(asio::io_context& delivery, commit_listener* listener, store_batch& done, batch_outcome& outcome,
                   sequence last) {
    std::vector<pending_event> appended;
    std::size_t settled = 0;
    const bool imported = listener != nullptr && (has_imported(outcome) || has_revived(done.work, outcome));
    if (listener != nullptr) {
        appended = stored_events(std::move(done.work.appends), outcome.appends);
        add_submitted(done.work.submissions, outcome.submissions, appended);
        settled = outcome.settled;
    }
    if (appended.empty() && !imported && settled == 0 && done.read_replies.empty() && done.memory_replies.empty()) {
        return;
    }
    asio::post(delivery, [listener, settled, imported, last, appended = std::move(appended),
                          replies = std::move(done.read_replies), answers = std::move(outcome.reads),
                          remembered = std::move(done.memory_replies)]() mutable {
        if (!appended.empty() || imported) {
            listener->appended(std::move(appended), last);
        }
        if (settled > 0) {
            listener->settled(settled);
        }
        for (std::size_t at = 0; at < replies.size(); ++at) {
            answer_read(replies[at], std::move(answers[at]));
        }
        for (const auto& reply : remembered) {
            reply(true);
        }
    });
}

void answer_memory(asio::io_context& delivery, store_batch& done, bool durable) {
    if (done.memory_replies.empty()) {
        return;
    }
    asio::post(delivery, [replies = std::exchange(done.memory_replies, {}), durable] {
        for (const auto& reply : replies) {
            reply(durable);
        }
    });
}

void answer_lookups(asio::io_context& accept, std::vector<lookup_answer> answers) {
    if (!answers.empty()) {
        asio::post(accept, [answers = std::move(answers)] {
            for (const auto& answer : answers) {
                answer();
            }
        });
    }
}

}  // namespace posthaste
