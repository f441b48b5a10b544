// Who is meant by a request, and which page sent it: the two checks that keep web pages out of a loopback listener.
//
// A page of another site can make a browser send requests here, and a name of its own can be made to resolve to
// 127.0.0.1; its Host, Origin and Sec-Fetch-Site headers give it away. Pure; any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/http/head_check.hpp"
#include "lib/http/problem.hpp"

namespace posthaste {

class host_rules {
  public:
    // Host names (or addresses, without brackets) that mean us beyond localhost and the loopback addresses: those
    // listened on and those that were allowed. With a wildcard (0.0.0.0, ::) every literal address does: no name of a
    // page can be made to resolve to one.
    explicit host_rules(const std::vector<std::string>& names);

    // 421 unless Host, and an absolute target's authority, name us with `port` or none; 403 unless Origin, if any, is
    // exactly this request's own and Sec-Fetch-Site, if any, is same-origin or none; but a link of another site may
    // lead a person to the page at /. Empty: fine. Without a port the request came over a unix socket, where any Host
    // is fine: a browser cannot come that way.
    [[nodiscard]] std::optional<problem> judge(const request_head& head, std::optional<std::uint16_t> port) const;

  private:
    [[nodiscard]] bool means_us(std::string_view authority, std::optional<std::uint16_t> port) const;

    std::vector<std::string> names_;  // lower case
    bool any_address_ = false;        // a wildcard is listened on
};

}  // namespace posthaste
