#include "lib/sandbox/sandbox.hpp"

#include <cstdint>
#include <optional>
#include <utility>

#include "lib/base/percent.hpp"
#include "lib/base/text.hpp"
#include "lib/event/envelope.hpp"

namespace posthaste {

namespace {

constexpr std::size_t messages_kept = 10'000;
constexpr std::size_t message_bytes_kept = 16 * 1024 * 1024;
constexpr std::size_t keys_kept = 100'000;

// The upstream's errors have one text and no list: all of it goes into the text, which names the first one already.
std::string told_in_one_line(const envelope_fault& fault) {
    std::string text = fault.detail;
    for (std::size_t i = 1; i < fault.errors.size(); ++i)
        text += "; " + fault.errors[i].pointer + " " + fault.errors[i].detail;
    return text;
}

}  // namespace

sandbox_answer sandbox_error(unsigned status, std::string_view message) {
    return {status, "{\"message\": " + json_quote(message) + "}", {}};
}

std::string user_id_of(std::string_view username) {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const char c : username) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3;
    }
    return std::to_string(10'000'000'000'000 + hash % 90'000'000'000'000);
}

sandbox::sandbox(sandbox_configuration configuration, std::string key)
    : configuration_(std::move(configuration)),
      key_(std::move(key)),
      seen_(keys_kept),
      messages_(messages_kept, message_bytes_kept) {}

bool sandbox::authorized(std::string_view authorization) const {
    constexpr std::string_view scheme = "bearer ";
    if (!equals_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return false;
    const std::string_view key = trim(authorization.substr(scheme.size()));
    return key_.empty() ? !key.empty() : key == key_;
}

sandbox_answer sandbox::user(std::string_view authorization, std::string_view encoded_name) const {
    if (!authorized(authorization)) return sandbox_error(401, "Unauthorized: the API key is missing or wrong");
    const auto name = percent_decoded(encoded_name);
    if (!name || name->empty()) return sandbox_error(400, "The username is empty or not percent-encoded as it should");
    return {200, "{\"userId\": \"" + user_id_of(*name) + "\", \"username\": " + json_quote(*name) + "}", {}};
}

sandbox_answer sandbox::run_event(std::string_view authorization, std::string_view idempotency_key,
                                  std::string_view body, wall_time now) {
    if (!authorized(authorization)) return sandbox_error(401, "Unauthorized: the API key is missing or wrong");
    const auto read = read_envelope(body, configuration_.events);
    if (!read) return sandbox_error(400, told_in_one_line(read.error()));

    sandbox_answer answer{200, R"({"message": "Event successfully triggered"})", {}};
    if (!idempotency_key.empty() && !seen_.remember(idempotency_key)) return answer;
    for (const workflow& listening : configuration_.workflows) {
        if (listening.event != read->event) continue;
        answer.runs.push_back(
            {&listening, {listening.channel, listening.message.render(body), read->event, read->user_id, now}});
        messages_.add(answer.runs.back().message);
    }
    return answer;
}

}  // namespace posthaste
