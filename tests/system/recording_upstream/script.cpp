#include "tests/system/recording_upstream/script.hpp"

#include <algorithm>
#include <fstream>

#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace posthaste {

namespace {

std::string answer_text(const nlohmann::json& step) {
    if (const std::string raw = step.at("raw"); !raw.empty()) return raw;
    const std::string body = step.at("body");
    std::string text = "HTTP/1.1 " + std::to_string(step.at("status").get<int>()) + " As Told\r\n";
    for (const auto& header : step.at("headers"))
        text += header.at(0).get<std::string>() + ": " + header.at(1).get<std::string>() + "\r\n";
    return text + "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

script_step step_of(const nlohmann::json& step) {
    return {step.at("do"),     step.at("status"),   answer_text(step),
            step.at("closes"), step.at("after_ms"), step.at("times")};
}

}  // namespace

bool script::capacity::take() {
    const auto now = std::chrono::steady_clock::now();
    left = std::min(burst, left + std::chrono::duration<double>(now - filled).count() * a_second);
    filled = now;
    if (left < 1) return false;
    left -= 1;
    return true;
}

script_step script::rule::take() {
    const script_step& step = steps.at(at);
    if (++used >= step.times && at + 1 < steps.size()) {
        ++at;
        used = 0;
    }
    return step;
}

script_step script::next(std::string_view request) {
    const std::lock_guard lock(mutex_);
    read_if_changed();
    if (capacity_ && !capacity_->take()) return capacity_->refusal;
    for (rule& known : rules_)
        if (request.find(known.contains) != std::string_view::npos) return known.take();
    return {};
}

bool script::closes_unread() {
    const std::lock_guard lock(mutex_);
    read_if_changed();
    rule& everything = rules_.back();
    if (everything.steps.at(everything.at).what != "close_unread") return false;
    (void)everything.take();
    return true;
}

std::optional<script_step> script::answers_early() {
    const std::lock_guard lock(mutex_);
    read_if_changed();
    rule& everything = rules_.back();
    if (everything.steps.at(everything.at).what != "early") return {};
    return everything.take();
}

void script::read_if_changed() {
    struct stat facts{};
    if (stat(file_.c_str(), &facts) != 0) return;
    if (facts.st_ino == inode_ && facts.st_mtim.tv_sec == changed_.tv_sec && facts.st_mtim.tv_nsec == changed_.tv_nsec)
        return;
    inode_ = facts.st_ino;
    changed_ = facts.st_mtim;
    std::ifstream input(file_);
    const auto told = nlohmann::json::parse(input);
    rules_.clear();
    for (const auto& entry : told.at("rules")) {
        rule known{entry.at("contains"), {}};
        for (const auto& step : entry.at("steps"))
            known.steps.push_back(step_of(step));
        rules_.push_back(std::move(known));
    }
    capacity_.reset();
    if (const auto& limit = told.at("capacity"); !limit.is_null())
        capacity_ = {limit.at("a_second"), limit.at("burst"), step_of(limit.at("refusal")), limit.at("burst"),
                     std::chrono::steady_clock::now()};
}

}  // namespace posthaste
