#include "daemon/supervisor/io_thread.hpp"

#include <exception>
#include <utility>

#include <pthread.h>

#include "lib/base/require.hpp"

namespace posthaste {

void run_guarded(boost::asio::io_context& io, const std::string& thread_name) noexcept {
    try {
        io.run();
    } catch (const std::exception& escaped) {
        const std::string reason = "an exception escaped on the " + thread_name + " thread: " + escaped.what();
        REQUIRE(false, reason.c_str());
    }
}

io_thread::io_thread(std::string name) : name_(std::move(name)), work_(io_.get_executor()) {}

io_thread::~io_thread() {
    finish();
}

void io_thread::start() {
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), name_.c_str());
        run_guarded(io_, name_);
    });
}

void io_thread::finish() {
    work_.reset();
    if (thread_.joinable()) thread_.join();
}

}  // namespace posthaste
