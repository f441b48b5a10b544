#include <utility>

#include "daemon/sandbox/resources.hpp"

namespace posthaste {

// One request whose answer is made and waits for its latency.
struct fault_injector::delayed {
    boost::asio::steady_timer timer;
    std::shared_ptr<exchange> request;
    response answer;
    bool drop = false;
};

fault_injector::fault_injector(boost::asio::io_context& io, fault_settings faults,
                               std::function<std::uint64_t()> random)
    : io_(io), faults_(faults), random_(std::move(random)) {}

void fault_injector::serve(std::shared_ptr<exchange> request, const std::function<sandbox_answer(exchange&)>& work) {
    using kind = fault_decision::kind;
    const fault_decision decided = decide_fault(faults_, random_);

    response answer;
    if (decided.what == kind::fail) {
        answer.status = faults_.status;
        answer.body = sandbox_error(faults_.status, "The sandbox fails this request on purpose (PUT /faults)").body;
        if (faults_.retry_after)
            answer.fields = "Retry-After: " + std::to_string(faults_.retry_after->count()) + "\r\n";
    } else {
        sandbox_answer made = work(*request);
        answer.status = made.status;
        answer.body = std::move(made.body);
        answer.close = decided.what == kind::close;
    }

    auto waiting = std::make_shared<delayed>(boost::asio::steady_timer(io_), std::move(request), std::move(answer),
                                             decided.what == kind::drop);
    if (decided.delay == milliseconds{0} || hurried_) return finish(*waiting);
    waiting_.insert(waiting);
    waiting->timer.expires_after(decided.delay);
    waiting->timer.async_wait([this, waiting](boost::system::error_code) {
        if (waiting_.erase(waiting) > 0) finish(*waiting);
    });
}

void fault_injector::finish(delayed& waiting) {
    if (waiting.drop)
        waiting.request->drop();
    else
        waiting.request->answer(std::move(waiting.answer));
}

void fault_injector::hurry() {
    hurried_ = true;
    for (const auto& waiting : std::exchange(waiting_, {})) {
        waiting->timer.cancel();
        finish(*waiting);
    }
}

}  // namespace posthaste
