// A router of paths and methods, built once at the start. Belongs to the listener's thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/server/handler.hpp"

namespace posthaste {

class path_router final : public router {
  public:
    // `pattern` is a path whose segments are taken as they are, but for {version}, which is an API version (YYYY-MM),
    // and any other {name}, which is any segment that is not empty. What is added first is tried first. `to` must
    // outlive the router. A handler of GET gets the HEADs too (their answers go without the body). `scope` is who may
    // call it where tokens are configured: each route says so itself, and none can forget to.
    void add(std::string_view method, std::string_view pattern, access_scope scope, handler& to);

    // 404 for an unknown path; 405 with Allow for a method that a known one does not have.
    [[nodiscard]] result<route, problem> find(const request_head& head) override;

  private:
    struct entry {
        std::string method;
        std::string pattern;
        bool exact = true;  // no {…} in it
        route leads_to;
    };

    std::vector<entry> entries_;
};

// Whether `path` is one that `pattern` stands for.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view path);

}  // namespace posthaste
