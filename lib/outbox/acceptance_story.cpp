#include "lib/outbox/acceptance_story.hpp"

#include <utility>

namespace posthaste {
namespace {

std::string requests(std::uint64_t count) {
    return count == 1 ? "1 request was refused" : std::to_string(count) + " requests were refused";
}

}  // namespace

std::optional<acceptance_story::line> acceptance_story::looked(steady_time now, const std::string& why,
                                                               std::uint64_t refused) {
    const bool was_stopped = std::exchange(stopped_, !why.empty());
    // One that is refused alone, as it needs more room than there is, stops nothing.
    if (stopped_ || was_stopped || guard_.due()) refused_ += refused;
    // What was held back is told by whatever is said when its minute is over.
    std::optional<std::uint64_t> tell;
    if (guard_.due() && *guard_.due() <= now) {
        tell = *guard_.admit(now) - (stopped_ && was_stopped ? 1 : 0);
    } else if (stopped_ && !was_stopped) {
        tell = guard_.admit(now);
    }
    if (stopped_ && tell) {
        said_ = true;
        const std::string before =
            *tell == 0 ? "" : " (" + std::to_string(*tell) + " such lines held back since the last one)";
        return line{true, "no new events are taken, posts get 503: " + why + before};
    }
    if (!stopped_ && said_) {
        said_ = false;
        return line{false, "new events are taken again; " + requests(std::exchange(refused_, 0)) + " meanwhile"};
    }
    if (!stopped_ && tell) {
        return line{true, "for moments no new events were taken since the last such line; " +
                              requests(std::exchange(refused_, 0)) + ", and events are taken again"};
    }
    return std::nullopt;
}

}  // namespace posthaste
