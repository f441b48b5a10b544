// Writes the head of the request that carries an event upstream (RFC 9112); the body follows as it was posted. And that
// of a question, which has no body. A plain http upstream behind a proxy is named by its whole URL, and the proxy gets
// its credentials with it.
//
// What is the same for every event is formatted once. Immutable: any thread. The text holds the API key: it goes to the
// upstream and nowhere else.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/config/settings.hpp"
#include "lib/outbox/types.hpp"

namespace posthaste {

class attempt_head {
  public:
    explicit attempt_head(const upstream_settings& upstream);

    // Appends the head, its empty line included. `retries`: how many attempts of this event came before.
    void write(std::string& out, const pending_event& event, std::uint32_t retries) const;

    // The same for GET. `api_version`: the app's; "" where it named none.
    void write_lookup(std::string& out, std::string_view path, std::string_view api_version) const;

  private:
    void append_version(std::string& out, std::string_view path, std::string_view of_the_app) const;

    std::string lookup_before_path_;
    std::string lookup_after_path_;
    std::string before_path_;
    std::string after_path_;
    std::string api_version_;  // of the configuration; empty when the upstream's own path names one
};

// Whether a segment of the path is a version of the API, as in "/2023-12/run/event".
[[nodiscard]] bool names_api_version(std::string_view path) noexcept;

}  // namespace posthaste
