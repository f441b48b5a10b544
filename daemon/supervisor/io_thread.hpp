// An io_context with a thread of its own: the thread is the strand of everything that runs on it.

#pragma once

#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace posthaste {

class io_thread {
  public:
    explicit io_thread(std::string name);  // at most 15 bytes, as the kernel has it
    ~io_thread();                          // finish()

    io_thread(const io_thread&) = delete;
    io_thread& operator=(const io_thread&) = delete;

    [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }
    void start();
    // Lets the thread end once nothing is left to do on it, and waits for that.
    void finish();

  private:
    std::string name_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_;
};

}  // namespace posthaste
