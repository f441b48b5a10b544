#include "tests/system/support/accounts.hpp"

#include <filesystem>
#include <numeric>

#include <sqlite3.h>

namespace posthaste {

std::map<std::string, std::vector<std::string>> bodies_by_key(upstream_process& upstream) {
    std::map<std::string, std::vector<std::string>> bodies;
    for (const recorded_request& request : upstream.requests())
        bodies[request.field("Idempotency-Key")].push_back(request.body);
    return bodies;
}

std::vector<std::string> lost(const load& sent, upstream_process& upstream) {
    const auto bodies = bodies_by_key(upstream);
    std::vector<std::string> missing;
    for (const auto& [event, id] : sent.acknowledged()) {
        const std::string shown = event.user + " #" + std::to_string(event.number) + ", acknowledged as " + id;
        const auto found = bodies.find(id);
        if (found == bodies.end())
            missing.push_back(shown + ": never came");
        else if (found->second.front() != load_body(event))
            missing.push_back(shown + ": came as " + found->second.front());
    }
    return missing;
}

std::map<std::string, std::vector<int>> taken_by_user(upstream_process& upstream) {
    std::map<std::string, std::vector<int>> numbers;
    for (const recorded_request& request : upstream.requests()) {
        const auto event = load_event_of(request.body);
        if (event && request.status == 200) numbers[event->user].push_back(event->number);
    }
    return numbers;
}

std::vector<int> up_to(int last) {
    std::vector<int> numbers(static_cast<std::size_t>(last));
    std::iota(numbers.begin(), numbers.end(), 1);
    return numbers;
}

std::size_t count_in(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++count;
    return count;
}

std::vector<std::string> repeated(upstream_process& upstream) {
    std::vector<std::string> keys;
    for (const auto& [key, bodies] : bodies_by_key(upstream))
        if (bodies.size() > 1) keys.push_back(key);
    return keys;
}

std::set<std::string> kinds_of_refusal(const load& sent) {
    static constexpr std::string_view urn = "urn:posthaste:problem:";
    std::set<std::string> kinds;
    for (const std::string& refusal : sent.refusals()) {
        const std::size_t name = refusal.find(urn);
        kinds.insert(name == std::string::npos
                         ? refusal
                         : refusal.substr(0, 4) +
                               refusal.substr(name + urn.size(), refusal.find('"', name) - name - urn.size()));
    }
    return kinds;
}

testing::AssertionResult accounts_close(const daemon_under_test& daemon) {
    const nlohmann::json now = daemon.status();
    if (!now.is_object()) return testing::AssertionFailure() << "no status: " << daemon.log();
    const auto of = [&](const char* group, const char* name) { return now.at(group).at(name).get<std::uint64_t>(); };
    const std::uint64_t settled = of("totals", "delivered") + of("queue", "pending") + of("queue", "dead") +
                                  of("totals", "discarded") + of("totals", "purged");
    if (of("totals", "accepted") == settled) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "the totals do not add up: " << now;
}

std::string integrity_of(const std::string& outbox) {
    const temp_folder folder;  // a copy: looking would copy the log into the file
    for (const char* end : {"", "-wal"})
        if (std::filesystem::exists(outbox + end))
            std::filesystem::copy_file(outbox + end, folder / ("copy" + std::string(end)));
    sqlite3* database = nullptr;
    std::string found;
    const auto keep = [](void* into, int, char** values, char**) {
        static_cast<std::string*>(into)->append(values[0] == nullptr ? "NULL" : values[0]);
        return 0;
    };
    if (sqlite3_open_v2((folder / "copy").c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK ||
        sqlite3_exec(database, "PRAGMA integrity_check", keep, &found, nullptr) != SQLITE_OK)
        found += sqlite3_errmsg(database);
    sqlite3_close(database);
    return found;
}

}  // namespace posthaste
