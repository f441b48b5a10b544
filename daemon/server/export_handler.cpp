#include "daemon/server/export_handler.hpp"

#include <array>
#include <utility>

#include <spdlog/spdlog.h>

#include "lib/http/event_lines.hpp"
#include "lib/http/query_string.hpp"

namespace posthaste {

namespace {

class export_stream final : public body_source, public std::enable_shared_from_this<export_stream> {
  public:
    export_stream(event_exporter read, std::optional<event_state> state) : read_(std::move(read)) {
        request_.state = state;
    }

    void next(std::function<void(std::string part)> give) override {
        read_(request_, [self = shared_from_this(), give = std::move(give)](const export_page& page) mutable {
            self->take(page, std::move(give));
        });
    }

    [[nodiscard]] std::string trailer() const override {
        return damaged_ == 0 ? "" : "Posthaste-Damaged: " + std::to_string(damaged_) + "\r\n";
    }

  private:
    void take(const export_page& page, std::function<void(std::string part)> give) {
        if (ended_) return give({});
        if (newest_ == 0) newest_ = page.newest;
        std::string lines;
        for (const exported_event& one : page.events)
            lines += to_line(one);
        damaged_ += page.damaged;
        request_.after = page.last;
        ended_ = page.reached_end || page.last >= newest_;
        if (ended_ && damaged_ > 0)
            spdlog::warn("an export left out {} events whose stored rows are damaged; posthaste recover saves the rest",
                         damaged_);
        if (lines.empty() && !ended_) return next(std::move(give));
        give(std::move(lines));
    }

    event_exporter read_;
    export_request request_;
    sequence newest_ = 0;  // what comes later is not in this export
    std::size_t damaged_ = 0;
    bool ended_ = false;
};

}  // namespace

void export_handler::handle(std::shared_ptr<exchange> request) {
    static constexpr std::array<std::string_view, 1> known{"state"};
    const auto given = query_string::parse(request->head().query, known);
    if (!given) return request->answer(given.error());
    std::optional<event_state> state;
    if (const auto named = given->get("state"); named && !named->empty()) {
        if (*named != "pending" && *named != "dead")
            return request->answer(
                invalid_query("state must be pending or dead: of a delivered event no body is kept to export."));
        state = *named == "dead" ? event_state::dead : event_state::pending;
    }
    request->answer_in_parts(response{.content_type = "application/x-ndjson"},
                             std::make_shared<export_stream>(read_, state));
}

}  // namespace posthaste
