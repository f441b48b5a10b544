#include "tests/system/support/daemon_under_test.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace posthaste {

std::string posthaste_binary() {
    return POSTHASTE_BINARY;
}

daemon_under_test::daemon_under_test(const std::string& upstream_url, const nlohmann::json& changes) {
    configuration_ = {{"listen", {{"addresses", {"127.0.0.1:0"}}}},
                      {"queue", {{"path", folder_ / "outbox.db"}, {"disk_reserve", "1MiB"}}},
                      {"upstream", {{"url", upstream_url}}},
                      {"delivery", {{"retry", {{"initial", "20ms"}, {"max", "200ms"}}}}}};
    configure(changes);
}

void daemon_under_test::configure(const nlohmann::json& changes) {
    configuration_.merge_patch(changes);
    folder_.write("posthaste.json", configuration_.dump(2));
}

void daemon_under_test::start() {
    if (!try_start()) throw std::runtime_error("posthaste did not start:\n" + process_->output());
}

bool daemon_under_test::try_start() {
    process_.reset();
    std::vector<std::string> command = wrapper_;
    for (const std::string& part :
         {posthaste_binary(), std::string("run"), std::string("--config"), configuration_path()})
        command.push_back(part);
    auto environment = environment_;
    environment.emplace_back("POSTHASTE_API_KEY", api_key);
    process_ = std::make_unique<process>(process_options{std::move(command), std::move(environment), {}, {}});
    const auto port = process_->wait_for_pattern(
        std::regex(R"(is ready on (?:unix:[^ ]*, |http://\[[^ ]*, )*http://[^ ]*:([0-9]+))"), 1);
    port_ = port ? static_cast<std::uint16_t>(std::stoi(*port)) : std::uint16_t{0};
    return port.has_value();
}

int daemon_under_test::stop() {
    process_->signal(SIGTERM);
    return process_->wait();
}

void daemon_under_test::kill9() {
    process_->signal(SIGKILL);
    process_->wait();
}

void daemon_under_test::restart() {
    EXPECT_EQ(stop(), 0) << log();
    start();
}

std::string daemon_under_test::url() const {
    return "http://127.0.0.1:" + std::to_string(port_);
}

nlohmann::json daemon_under_test::status() const {
    const auto answer = http_call(port_, "GET", "/v1/status");
    return answer ? answer->json() : nlohmann::json();
}

nlohmann::json daemon_under_test::event(const std::string& id) const {
    const auto answer = http_call(port_, "GET", "/v1/events/" + id);
    return answer ? answer->json() : nlohmann::json();
}

double daemon_under_test::metric(const std::string& name_and_labels) const {
    const auto answer = http_call(port_, "GET", "/metrics");
    if (!answer) return -1;
    const std::size_t at = answer->body.find("\n" + name_and_labels + " ");
    return at == std::string::npos ? -1 : std::stod(answer->body.substr(at + name_and_labels.size() + 2));
}

std::string daemon_under_test::post(std::string_view body, std::string_view path) const {
    const auto answer = post_event(port_, body, path);
    if (!answer || answer->status != 202) {
        ADD_FAILURE() << "no 202 but " << (answer ? answer->head + "\n\n" + answer->body : "no answer") << "\n"
                      << log();
        return {};
    }
    return answer->json().value("id", "");
}

bool daemon_under_test::wait_until_drained() const {
    return wait_until([&] {
        const nlohmann::json now = status();
        return now.is_object() && now.at("queue").at("pending") == 0;
    });
}

nlohmann::json daemon_under_test::wait_for_upstream(const std::string& state) const {
    nlohmann::json upstream;
    const bool reached = wait_until([&] {
        const nlohmann::json now = status();
        upstream = now.is_object() ? now.at("upstream") : nlohmann::json();
        return upstream.is_object() && upstream.at("state") == state;
    });
    return reached ? upstream : nlohmann::json();
}

bool daemon_under_test::wait_for_state(const std::string& id, const std::string& state) const {
    return wait_until([&] {
        const nlohmann::json now = event(id);
        return now.is_object() && now.value("state", "") == state;
    });
}

}  // namespace posthaste
