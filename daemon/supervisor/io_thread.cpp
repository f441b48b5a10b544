#include "daemon/supervisor/io_thread.hpp"

#include <utility>

#include <pthread.h>

#include "lib/base/run_guarded.hpp"

namespace posthaste {

io_thread::io_thread(std::string name) : name_(std::move(name)), work_(io_.get_executor()) {}

io_thread::~io_thread() {
    finish();
}

void io_thread::start() {
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), name_.c_str());
        run_guarded(name_, [this] { io_.run(); });
    });
}

void io_thread::finish() {
    work_.reset();
    if (thread_.joinable()) thread_.join();
}

}  // namespace posthaste
