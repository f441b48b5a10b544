// A small blocking HTTP client for commands that talk to the running daemon: one connection a request, plain http.

#pragma once

#include <optional>
#include <string>

#include "daemon/commands/config_options.hpp"
#include "lib/base/result.hpp"
#include "lib/base/time.hpp"
#include "lib/base/url.hpp"

namespace posthaste {

struct daemon_answer {
    unsigned status = 0;
    std::string body;
};

class daemon_client {
  public:
    explicit daemon_client(url server) : server_(std::move(server)) {}

    // `target` begins with "/". The error says why no answer came, and what to do.
    [[nodiscard]] result<daemon_answer, start_failure> get(const std::string& target) const;
    [[nodiscard]] result<daemon_answer, start_failure> post_json(const std::string& target, std::string body) const;

  private:
    url server_;
};

// Where the daemon is: `server` (--server), else $POSTHASTE_SERVER, else the first address of the configuration's file,
// else the default address. Only the last two look at the file; that the default file is not there is fine.
[[nodiscard]] result<url, start_failure> find_daemon(const std::optional<std::string>& server,
                                                     const std::optional<std::string>& config_file);

}  // namespace posthaste
