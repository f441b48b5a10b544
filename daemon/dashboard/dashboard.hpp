// GET / and /dashboard/…: the page on which a person sees how things stand and looks after dead events.
//
// Its files lie beside this one and are compiled in. Reading them takes no token, as there is nothing in them: what the
// page shows it asks the API for, with the token that a person gives it. Content-Security-Policy lets it load and ask
// nothing but ourselves.

#pragma once

#include <span>
#include <string_view>

#include "daemon/server/reading_handler.hpp"

namespace posthaste {

struct dashboard_file {
    std::string_view path;
    std::string_view content_type;
    std::string_view text;
};

[[nodiscard]] std::span<const dashboard_file> dashboard_files() noexcept;

class dashboard_handler final : public reading_handler {
  public:
    void handle(std::shared_ptr<exchange> request) override;
};

}  // namespace posthaste
