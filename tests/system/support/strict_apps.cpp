#include "tests/system/support/strict_apps.hpp"

#include <memory>
#include <utility>

#include "tests/system/support/load.hpp"

namespace posthaste {

strict_apps::strict_apps(int count, std::uint16_t port) : port_(port) {
    for (int app = 0; app < count; ++app)
        threads_.emplace_back([this, app] { work(app); });
}

strict_apps::~strict_apps() {
    finish();
}

void strict_apps::finish() {
    finishing_ = true;
    for (auto& thread : threads_)
        if (thread.joinable()) thread.join();
}

void strict_apps::work(int app) {
    const bool connects_each_time = app % 2 == 0;
    std::unique_ptr<raw_socket> connection;
    for (int number = 1; !finishing_; ++number) {
        const auto begun = clock::now();
        if (!connection || connects_each_time) connection = std::make_unique<raw_socket>(port_);
        if (!connection->connected()) {
            keep(trouble::refused, begun, "no connection");
            connection.reset();
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
            continue;
        }
        const auto answer = ask(*connection, load_body({"app-" + std::to_string(app), number}));
        if (answer)
            keep(*answer, begun);
        else
            keep(trouble::broken, begun,
                 "no answer to request " + std::to_string(number) + " over a connection that was " +
                     (connects_each_time ? "made for it" : "kept"));
        if (!answer || answer->header("connection") == "close") connection.reset();
    }
}

std::optional<http_answer> strict_apps::ask(raw_socket& over, const std::string& body) const {
    const auto text = request_text("POST", "/run/event", {{"Content-Type", "application/json"}}, body, port_);
    return over.send(text) ? over.read_answer() : std::nullopt;
}

void strict_apps::keep(const http_answer& answer, clock::time_point begun) {
    if (answer.status == 202) {
        const std::lock_guard lock(mutex_);
        ids_.insert(answer.json().value("id", ""));
        ++taken_;
        return;
    }
    const bool stopping = answer.status == 503 && answer.body.find("shutting-down") != std::string::npos;
    keep(stopping ? trouble::stopping : trouble::broken, begun, answer.head + answer.body);
}

void strict_apps::keep(trouble what, clock::time_point begun, std::string text) {
    const std::lock_guard lock(mutex_);
    failures_.push_back({what, begun, clock::now(), std::move(text)});
}

}  // namespace posthaste
