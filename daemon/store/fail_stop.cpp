#include "daemon/store/fail_stop.hpp"

#include <cstdlib>
#include <future>
#include <memory>
#include <thread>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "daemon/store/answers.hpp"
#include "lib/base/log.hpp"
#include "lib/base/path_text.hpp"
#include "lib/outbox/files.hpp"

namespace posthaste {
namespace {

namespace asio = boost::asio;

constexpr milliseconds time_for_answers{900};
constexpr milliseconds time_for_the_kernel{20};

// Waits until the accept thread has run what was posted to it before.
void let_answers_go_out(asio::io_context& accept) {
    auto answered = std::make_shared<std::promise<void>>();
    auto waiting = answered->get_future();
    asio::post(accept, [&accept, answered] { asio::post(accept, [answered] { answered->set_value(); }); });
    if (waiting.wait_for(time_for_answers) == std::future_status::ready) {
        std::this_thread::sleep_for(time_for_the_kernel);
    }
}

}  // namespace

void fail_stop(asio::io_context& accept, asio::io_context& delivery, last_words words) {
    if (&delivery != &accept) {
        delivery.stop();
    }
    const std::string path = printable_path(words.path);
    if (words.damaged) {
        spdlog::error("the outbox {} is damaged: {}; stopping, and not starting again before someone has looked: {}",
                      path, words.why, damage_advice(words.path));
        leave_marker(words.path, "posthaste found this outbox damaged: " + words.why + "\n");
    } else {
        spdlog::error(
            "a write to the outbox {} failed: {}; stopping at once, as nothing can be acknowledged safely; "
            "every acknowledged event is kept. Check the disk, then start again",
            path, words.why);
    }
    refuse_all(accept, std::move(words.waiting), refusal::store_unavailable);
    let_answers_go_out(accept);
    stop_logging();
    std::_Exit(static_cast<int>(words.damaged ? exit_code::outbox_damaged : exit_code::write_failed));
}

}  // namespace posthaste
