// What the sandbox answers, resource by resource, with its faults.
//
//     GET  /users/{username}, /{version}/users/{username}   the upstream's two calls: both get the faults
//     POST /run/event, /{version}/run/event
//     GET  /messages         the Slack messages so far, the oldest first
//     GET  /faults, PUT /faults
//
// Belongs to the listener's thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/server/handler.hpp"
#include "lib/sandbox/faults.hpp"
#include "lib/sandbox/sandbox.hpp"

namespace posthaste {

// Applies the faults to an answer on its way out.
class fault_injector {
  public:
    fault_injector(boost::asio::io_context& io, fault_settings faults, std::function<std::uint64_t()> random);

    [[nodiscard]] const fault_settings& faults() const noexcept { return faults_; }
    void replace(const fault_settings& faults) { faults_ = faults; }

    // Decides what happens to the request, then answers it: at once, later, otherwise or not at all. `work` makes the
    // answer; it does not run for a request that is to fail.
    void serve(std::shared_ptr<exchange> request, const std::function<sandbox_answer(exchange&)>& work);

    // Answers all that wait for their latency, at once; from now on nothing waits.
    void hurry();

  private:
    struct delayed;
    void finish(delayed& waiting);

    boost::asio::io_context& io_;
    fault_settings faults_;
    std::function<std::uint64_t()> random_;
    std::set<std::shared_ptr<delayed>> waiting_;
    bool hurried_ = false;
};

struct sandbox_parts {
    sandbox& upstream;
    fault_injector& faults;
    std::function<instant()> now;
    std::function<void(const workflow_run&)> show;  // each message, as its workflow makes it
};

// The routes of all of the above; the parts must outlive it.
[[nodiscard]] std::unique_ptr<router> make_sandbox_routes(sandbox_parts parts);

}  // namespace posthaste
