// The sandbox on its own listener: a stand-in for the upstream, over real HTTP.
//
// Belongs to the thread of the io_context it is given.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "lib/base/result.hpp"
#include "lib/config/settings.hpp"
#include "lib/sandbox/configuration.hpp"
#include "lib/sandbox/faults.hpp"
#include "lib/sandbox/message_log.hpp"

namespace posthaste {

struct sandbox_options {
    listen_address listen;
    sandbox_configuration configuration;
    std::string key;  // the bearer key that is asked for; empty: any will do
    fault_settings faults;
    std::function<instant()> now;
    std::function<std::uint64_t()> random;           // called on the sandbox's thread only
    std::function<void(const slack_message&)> show;  // likewise
};

class sandbox_server {
  public:
    // `io` must outlive the server.
    sandbox_server(boost::asio::io_context& io, sandbox_options options);
    ~sandbox_server();

    sandbox_server(const sandbox_server&) = delete;
    sandbox_server& operator=(const sandbox_server&) = delete;

    [[nodiscard]] result<void, start_failure> open();
    // "http://127.0.0.1:8651", with the port really taken.
    [[nodiscard]] std::string address() const;
    void start();
    // What waits for its latency is answered now, what waits for a webhook is given up; `done` runs once no connection
    // is left.
    void stop(std::function<void()> done);

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace posthaste
