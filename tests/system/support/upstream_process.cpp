#include "tests/system/support/upstream_process.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <strings.h>

namespace posthaste {

namespace {

nlohmann::json to_json(const answer_step& step) {
    static constexpr const char* names[] = {"answer", "drop",  "cut",   "silent", "close_unread",
                                            "early",  "reset", "flood", "trickle"};
    return {{"do", names[static_cast<int>(step.what)]},
            {"status", step.status},
            {"body", step.body},
            {"headers", step.headers},
            {"raw", step.raw},
            {"closes", step.closes},
            {"after_ms", step.after.count()},
            {"times", step.times}};
}

nlohmann::json to_json(const std::vector<answer_step>& steps) {
    nlohmann::json list = nlohmann::json::array();
    for (const answer_step& step : steps)
        list.push_back(to_json(step));
    return list;
}

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string recorded_request::field(std::string_view name) const {
    for (const auto& entry : fields)
        if (same_name(entry.first, name)) return entry.second;
    return {};
}

std::size_t recorded_request::count_of(std::string_view name) const {
    std::size_t count = 0;
    for (const auto& entry : fields)
        count += same_name(entry.first, name) ? 1 : 0;
    return count;
}

recorded_request parse_request(std::string raw) {
    recorded_request request;
    const std::size_t head_size = raw.find("\r\n\r\n");
    std::istringstream head(raw.substr(0, head_size));
    request.body = raw.substr(head_size + 4);
    head >> request.method >> request.path;
    std::string line;
    std::getline(head, line);
    while (std::getline(head, line)) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        const std::size_t colon = line.find(':');
        const std::size_t value = line.find_first_not_of(' ', colon + 1);
        request.fields.emplace_back(line.substr(0, colon), value == std::string::npos ? "" : line.substr(value));
    }
    request.raw = std::move(raw);
    return request;
}

upstream_process::upstream_process(std::string certificate, std::string key)
    : certificate_(std::move(certificate)), key_(std::move(key)) {
    write_script();
}

std::string upstream_process::url() const {
    return certificate_.empty() ? "http://127.0.0.1:" + std::to_string(port())
                                : "https://localhost:" + std::to_string(port());
}

void upstream_process::start() {
    process_ = std::make_unique<process>(
        process_options{{RECORDING_UPSTREAM_BINARY, std::to_string(port()), folder_ / "requests",
                         folder_ / "script.json", certificate_, key_, outdated_tls_ ? "tls1.1" : ""},
                        {},
                        {},
                        {}});
    if (!process_->wait_for_output("listening")) throw std::runtime_error("no upstream: " + process_->output());
}

void upstream_process::stop() {
    process_.reset();
}

void upstream_process::answer_with(std::vector<answer_step> everything) {
    everything_ = std::move(everything);
    write_script();
}

void upstream_process::answer_where(const std::string& request_contains, std::vector<answer_step> steps) {
    std::erase_if(rules_, [&](const rule& known) { return known.contains == request_contains; });
    rules_.push_back({request_contains, std::move(steps)});
    write_script();
}

void upstream_process::serve_at_most(int a_second, int burst, answer_step refusal) {
    capacity_ = capacity{a_second, burst, std::move(refusal)};
    write_script();
}

// Put in place by a rename: the upstream sees a whole script, from the next request on.
void upstream_process::write_script() {
    nlohmann::json rules = nlohmann::json::array();
    for (const rule& known : rules_)
        rules.push_back({{"contains", known.contains}, {"steps", to_json(known.steps)}});
    rules.push_back({{"contains", ""}, {"steps", to_json(everything_)}});
    nlohmann::json told = {{"rules", rules}, {"capacity", nullptr}};
    if (capacity_)
        told["capacity"] = {
            {"a_second", capacity_->a_second}, {"burst", capacity_->burst}, {"refusal", to_json(capacity_->refusal)}};
    std::filesystem::rename(folder_.write("script.new", told.dump()), folder_ / "script.json");
}

const std::vector<recorded_request>& upstream_process::requests() {
    std::ifstream file(folder_ / "requests", std::ios::binary);
    file.seekg(static_cast<std::streamoff>(read_up_to_));
    std::uint64_t connection = 0;
    int status = 0;
    std::int64_t at = 0;
    std::size_t size = 0;
    while (file >> connection >> status >> at >> size) {
        file.get();  // the newline
        std::string raw(size, '\0');
        if (!file.read(raw.data(), static_cast<std::streamsize>(size))) break;
        recorded_request request = parse_request(std::move(raw));
        request.connection = connection;
        request.status = status;
        request.at = std::chrono::microseconds{at};
        requests_.push_back(std::move(request));
        read_up_to_ = static_cast<std::uint64_t>(file.tellg());
    }
    return requests_;
}

bool upstream_process::wait_for_requests(std::size_t count) {
    return wait_until([&] { return requests().size() >= count; });
}

}  // namespace posthaste
