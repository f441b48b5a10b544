#include "daemon/sandbox/resources.hpp"

#include <optional>
#include <string>
#include <utility>

#include "daemon/server/reading_handler.hpp"
#include "daemon/server/routes.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

namespace {

constexpr std::uint64_t largest_event = 1 * MiB;
constexpr std::uint64_t largest_faults = 16 * KiB;

// Takes a body, whatever its head says.
class body_handler : public handler {
  public:
    [[nodiscard]] std::optional<problem> refuse(const request_head&) const override { return {}; }
};

class run_event_handler final : public body_handler {
  public:
    explicit run_event_handler(sandbox_parts& parts) : parts_(parts) {}

    [[nodiscard]] std::uint64_t body_limit() const override { return largest_event; }

    void handle(std::shared_ptr<exchange> request) override {
        parts_.faults.serve(std::move(request), [this](exchange& asked) {
            const request_head& head = asked.head();
            sandbox_answer answer = parts_.upstream.run_event(
                head.field("authorization"), head.field("idempotency-key"), asked.body(), parts_.now().wall);
            for (const workflow_run& run : answer.runs)
                parts_.show(run);
            return answer;
        });
    }

  private:
    sandbox_parts& parts_;
};

class user_handler final : public reading_handler {
  public:
    explicit user_handler(sandbox_parts& parts) : parts_(parts) {}

    void handle(std::shared_ptr<exchange> request) override {
        parts_.faults.serve(std::move(request), [this](exchange& asked) {
            const std::string_view path = asked.head().path;
            return parts_.upstream.user(asked.head().field("authorization"), path.substr(path.rfind('/') + 1));
        });
    }

  private:
    sandbox_parts& parts_;
};

class messages_handler final : public reading_handler {
  public:
    explicit messages_handler(sandbox_parts& parts) : parts_(parts) {}

    void handle(std::shared_ptr<exchange> request) override {
        response answer;
        answer.body = parts_.upstream.messages().json();
        request->answer(std::move(answer));
    }

  private:
    sandbox_parts& parts_;
};

class faults_handler final : public body_handler {
  public:
    explicit faults_handler(sandbox_parts& parts) : parts_(parts) {}

    [[nodiscard]] std::uint64_t body_limit() const override { return largest_faults; }

    void handle(std::shared_ptr<exchange> request) override {
        response answer;
        if (request->head().method == "PUT") {
            if (const auto read = parse_faults(request->body())) {
                parts_.faults.replace(*read);
            } else {
                answer.status = 400;
                answer.body = told(read.error());
            }
        }
        if (answer.body.empty()) answer.body = faults_json(parts_.faults.faults()) + "\n";
        request->answer(std::move(answer));
    }

  private:
    static std::string told(const std::vector<std::string>& problems) {
        std::string text = "The faults stay as they were: ";
        for (const std::string& problem : problems)
            text += (&problem == &problems.front() ? "" : "; ") + problem;
        return sandbox_error(400, text).body;
    }

    sandbox_parts& parts_;
};

class sandbox_routes final : public router {
  public:
    explicit sandbox_routes(sandbox_parts parts)
        : parts_(std::move(parts)), run_event_(parts_), user_(parts_), messages_(parts_), faults_(parts_) {
        paths_.add("POST", "/run/event", access_scope::anyone, run_event_);
        paths_.add("POST", "/{version}/run/event", access_scope::anyone, run_event_);
        paths_.add("GET", "/users/{username}", access_scope::anyone, user_);
        paths_.add("GET", "/{version}/users/{username}", access_scope::anyone, user_);
        paths_.add("GET", "/messages", access_scope::anyone, messages_);
        paths_.add("GET", "/faults", access_scope::anyone, faults_);
        paths_.add("PUT", "/faults", access_scope::anyone, faults_);
    }

    [[nodiscard]] result<route, problem> find(const request_head& head) override { return paths_.find(head); }

  private:
    sandbox_parts parts_;
    run_event_handler run_event_;
    user_handler user_;
    messages_handler messages_;
    faults_handler faults_;
    path_router paths_;
};

}  // namespace

std::unique_ptr<router> make_sandbox_routes(sandbox_parts parts) {
    return std::make_unique<sandbox_routes>(std::move(parts));
}

}  // namespace posthaste
