// Posts Slack messages to incoming webhooks, over HTTPS (or plain HTTP to loopback, for tests).
//
// One at a time and in order, each on a connection of its own, 10 s for each step; at most 1,000 wait, the newest are
// given up beyond that. A message that could not be posted is logged and not tried again. A webhook's URL is a secret:
// it is never logged. Belongs to the io_context's thread.

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include "lib/base/result.hpp"
#include "lib/base/url.hpp"
#include "lib/sandbox/message_log.hpp"

namespace posthaste {

class slack_webhooks {
  public:
    explicit slack_webhooks(boost::asio::io_context& io);
    ~slack_webhooks();

    slack_webhooks(const slack_webhooks&) = delete;
    slack_webhooks& operator=(const slack_webhooks&) = delete;

    // Loads the system's certificates; needed before a message is posted to an https:// URL.
    [[nodiscard]] result<void, start_failure> open();
    // Returns at once. `to` must live as long as this.
    void post(const url& to, const slack_message& message);
    // Gives up what waits and what is under way.
    void close();

  private:
    struct waiting;
    struct under_way;
    template <class Stream>
    class posting;

    void start_next();
    void ended(const std::string& trouble);

    boost::asio::io_context& io_;
    std::optional<boost::asio::ssl::context> tls_;
    std::deque<waiting> waiting_;  // its front is under way
    std::shared_ptr<under_way> under_way_;
    bool closed_ = false;
};

}  // namespace posthaste
