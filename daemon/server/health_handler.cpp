#include "daemon/server/health_handler.hpp"

#include <nlohmann/json.hpp>

namespace posthaste {

namespace {

constexpr std::string_view ok = R"({"status":"ok"})";

response readiness(const store_status& store, bool stopping) {
    const auto reasons = reasons_not_ready(store, stopping);
    if (reasons.empty()) return {.status = 200, .body = std::string(ok)};
    const nlohmann::ordered_json answer = {{"status", "unavailable"}, {"reasons", reasons}};
    return {.status = 503, .body = answer.dump()};
}

}  // namespace

std::vector<std::string_view> reasons_not_ready(const store_status& store, bool stopping) {
    std::vector<std::string_view> reasons;
    if (stopping) reasons.emplace_back("stopping");
    if (store.queue_full) reasons.emplace_back("queue-full");
    if (store.disk_full) reasons.emplace_back("disk-full");
    return reasons;
}

void live_handler::handle(std::shared_ptr<exchange> request) {
    request->answer(response{.status = 200, .body = std::string(ok)});
}

void ready_handler::handle(std::shared_ptr<exchange> request) {
    source_.store([this, waiting = std::move(request)](const store_status& store) {
        waiting->answer(readiness(store, source_.stopping && source_.stopping()));
    });
}

}  // namespace posthaste
