#include "tests/system/support/load.hpp"

#include <charconv>
#include <memory>

#include "tests/system/support/raw_socket.hpp"

namespace posthaste {

std::string load_body(const load_event& event) {
    return R"({"event": "Ticket Created", "userId": ")" + event.user +
           R"(", "data": {"ticketName": "Refund request", "customerEmail": "ada@example.com", "description": "#)" +
           std::to_string(event.number) + R"("}})";
}

std::optional<load_event> load_event_of(std::string_view body) {
    static constexpr std::string_view before_user = R"("userId": ")";
    static constexpr std::string_view before_number = R"("description": "#)";
    const std::size_t user = body.find(before_user);
    const std::size_t number = body.find(before_number);
    if (user == std::string_view::npos || number == std::string_view::npos) return {};
    load_event event;
    const std::string_view from_user = body.substr(user + before_user.size());
    event.user = from_user.substr(0, from_user.find('"'));
    const std::string_view from_number = body.substr(number + before_number.size());
    std::from_chars(from_number.data(), from_number.data() + from_number.size(), event.number);
    return event;
}

load::load(int connections, int users_a_connection, std::function<std::uint16_t()> port) : port_(std::move(port)) {
    for (int connection = 0; connection < connections; ++connection)
        threads_.emplace_back([this, connection, users_a_connection] { send_from(connection, users_a_connection); });
}

load::~load() {
    finish();
}

void load::finish() {
    finishing_ = true;
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.join();
}

void load::send_from(int connection, int users) {
    std::unique_ptr<raw_socket> socket;
    std::uint16_t port = 0;  // the socket's: by now the daemon may be said to be down, or listen elsewhere
    for (int turn = 0; !finishing_; ++turn) {
        if (!socket) port = port_();
        if (!socket && port != 0) socket = std::make_unique<raw_socket>(port);
        if (!socket || !socket->connected()) {
            socket.reset();
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
            --turn;
            continue;
        }
        const load_event event{"user-" + std::to_string(connection) + "-" + std::to_string(turn % users),
                               turn / users + 1};
        const std::string text =
            request_text("POST", "/run/event", {{"Content-Type", "application/json"}}, load_body(event), port);
        const auto answer = socket->send(text) ? socket->read_answer() : std::nullopt;
        if (answer) keep(event, answer->status, answer->body);
        if (!answer || answer->header("connection") == "close") socket.reset();
    }
}

void load::keep(const load_event& event, int status, const std::string& body) {
    const std::lock_guard lock(mutex_);
    if (status == 202) {
        acknowledged_[event] = nlohmann::json::parse(body).value("id", "");
        ++acknowledged_count_;
    } else if (body.find("shutting-down") == std::string::npos) {
        refusals_.push_back(std::to_string(status) + " " + body);
    }
}

std::map<load_event, std::string> load::acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
}

std::vector<std::string> load::refusals() const {
    const std::lock_guard lock(mutex_);
    return refusals_;
}

}  // namespace posthaste
