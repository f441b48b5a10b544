// A small blocking HTTP client for commands that talk to the running daemon: one connection a request, plain http over
// TCP or a unix socket.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/commands/client_options.hpp"
#include "daemon/commands/config_options.hpp"
#include "lib/base/result.hpp"
#include "lib/base/time.hpp"
#include "lib/base/url.hpp"

namespace posthaste {

using field_list = std::vector<std::pair<std::string, std::string>>;

struct daemon_answer {
    unsigned status = 0;
    std::string body;
    field_list fields{};

    // The value of the first field of that name (any case); "" when there is none.
    [[nodiscard]] std::string field(std::string_view name) const;
};

struct daemon_post {
    std::string target;  // begins with "/"
    const char* content_type = "application/json";
    std::string body{};
    field_list fields{};   // beside those that each request has
    seconds patience{30};  // from the request's first byte to the answer's last
};

// Why no answer came, and what to do.
struct lost_answer : start_failure {
    bool reached = false;  // the daemon was: it may have done what it was asked for
};

// Where the daemon is, and what opens its door.
struct daemon_place {
    url address{};
    std::string socket_path{};  // not empty: a unix socket, and of the URL only the path prefix counts
    std::string token{};        // empty: none; never shown

    // For messages.
    [[nodiscard]] std::string text() const;
};

class daemon_client {
  public:
    explicit daemon_client(daemon_place server) : server_(std::move(server)) {}

    // `target` begins with "/". The error says why no answer came, and what to do.
    [[nodiscard]] result<daemon_answer, start_failure> get(const std::string& target) const;
    [[nodiscard]] result<daemon_answer, start_failure> post_json(const std::string& target, std::string body) const;
    [[nodiscard]] result<daemon_answer, lost_answer> post(daemon_post what) const;
    // DELETE.
    [[nodiscard]] result<daemon_answer, start_failure> remove(const std::string& target) const;

    // Takes the body of an answer of status 200, of any size, as it comes. False, of either: no more is wanted.
    struct body_sink {
        std::function<bool(const daemon_answer& head)> begin;  // once, before the body's first byte
        std::function<bool(std::string_view bytes)> take;
    };
    // The body of another status than 200 is in the answer instead.
    [[nodiscard]] result<daemon_answer, start_failure> get_stream(const std::string& target,
                                                                  const body_sink& sink) const;

  private:
    daemon_place server_;
};

// Where the daemon is: --server, else $POSTHASTE_SERVER, else the first address of the configuration's file, else the
// default address; and the token of --token-file. Only the last two addresses look at the configuration; that the
// default file is not there is fine.
[[nodiscard]] result<daemon_place, start_failure> find_daemon(const client_options& options);

}  // namespace posthaste
