// One daemon for a suite of byte-by-byte tests, and what such tests say over and over: send these bytes, expect this
// problem, and this fate of the connection. Each suite runs twice: through an open port, and through a unix socket of a
// daemon that asks for tokens.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/system/support/daemon_under_test.hpp"

namespace posthaste {

enum class fate { stays, closes };

enum class entrance { open_port, guarded_socket };

class raw_exchange : public testing::TestWithParam<entrance> {
  protected:
    static constexpr const char* token = "operators-token-1";

    void SetUp() override {
        if (daemon && of_daemon == GetParam()) return;
        of_daemon = GetParam();
        daemon = std::make_unique<daemon_under_test>(
            "http://127.0.0.1:9", nlohmann::json{{"events", {{"Ticket Created", {{"ticketName", "String"}}}}},
                                                 {"listen", {{"allowed_hosts", {"posthaste.internal"}}}}});
        if (of_daemon == entrance::guarded_socket) {
            const auto file = daemon->folder().write("tokens", "operator " + std::string(token) + "\n");
            daemon->configure(
                {{"listen", {{"addresses", {"127.0.0.1:0", "unix:" + socket_path()}}, {"access_tokens_file", file}}}});
        }
        daemon->start();
    }
    static void TearDownTestSuite() {
        EXPECT_EQ(daemon->stop(), 0) << daemon->log();
        daemon.reset();
    }

    [[nodiscard]] static std::string socket_path() { return daemon->folder() / "socket"; }
    [[nodiscard]] static raw_socket connect() {
        if (of_daemon == entrance::guarded_socket) return raw_socket(0, socket_path());
        return raw_socket(daemon->port());
    }
    [[nodiscard]] static std::string authorization() {
        return of_daemon == entrance::guarded_socket ? "Authorization: Bearer " + std::string(token) + "\r\n" : "";
    }
    // One request over a connection of its own, with the token where one is asked for.
    [[nodiscard]] static std::optional<http_answer> call(std::string_view method, std::string_view path,
                                                         http_headers headers = {}, std::string_view body = {}) {
        if (of_daemon == entrance::guarded_socket)
            headers.emplace_back("Authorization", "Bearer " + std::string(token));
        raw_socket connection = connect();
        if (!connection.send(request_text(method, path, headers, body, daemon->port()))) return {};
        return connection.read_answer();
    }
    [[nodiscard]] static std::optional<http_answer> post(std::string_view body) {
        return call("POST", "/run/event", {{"Content-Type", "application/json"}}, body);
    }

    [[nodiscard]] static std::string host() { return "Host: localhost:" + std::to_string(daemon->port()) + "\r\n"; }
    [[nodiscard]] static std::string json_type() { return "Content-Type: application/json\r\n"; }
    // A request line and fields (each with its end of line), and what follows the head.
    [[nodiscard]] static std::string request(const std::string& line, const std::string& fields,
                                             const std::string& body = "") {
        return line + " HTTP/1.1\r\n" + host() + authorization() + fields + "\r\n" + body;
    }
    [[nodiscard]] static std::string posted(const std::string& body, const std::string& fields = "") {
        return request("POST /run/event",
                       json_type() + "Content-Length: " + std::to_string(body.size()) + "\r\n" + fields, body);
    }
    [[nodiscard]] static std::string chunked(const std::string& body) {
        return request("POST /run/event", json_type() + "Transfer-Encoding: chunked\r\n", body);
    }
    // An event that must never be run where it stands behind a fault.
    [[nodiscard]] static std::string poison() { return posted(sample_event("poison")); }

    [[nodiscard]] static std::uint64_t accepted() {
        const auto status = call("GET", "/v1/status");
        return status ? status->json().at("totals").at("accepted").get<std::uint64_t>() : 0;
    }

    // Sends the bytes with the poison behind them. `problem`: the name; "" where none is expected.
    static void expect(const std::string& bytes, int status, std::string_view problem, fate then) {
        SCOPED_TRACE(bytes.substr(0, 300));
        const std::uint64_t before = accepted();
        raw_socket connection = connect();
        ASSERT_TRUE(connection.send(then == fate::closes ? bytes + poison() : bytes));
        const auto answer = connection.read_answer();
        ASSERT_TRUE(answer) << daemon->log();
        EXPECT_EQ(answer->status, status) << answer->body;
        if (!problem.empty()) expect_problem(*answer, problem);
        if (then == fate::closes) {
            EXPECT_EQ(answer->header("connection"), "close");
            connection.send(poison());  // the peer may have gone already
            EXPECT_TRUE(connection.closed_by_peer()) << "bytes came, or the connection stayed";
            EXPECT_EQ(accepted(), before) << "what stood behind the fault was run";
        } else {
            EXPECT_EQ(answer->header("connection"), "");
            expect_alive(connection);
        }
    }

    static void expect_problem(const http_answer& answer, std::string_view name) {
        EXPECT_EQ(answer.header("content-type"), "application/problem+json");
        const nlohmann::json shown = answer.json();
        ASSERT_TRUE(shown.is_object()) << answer.body;
        EXPECT_EQ(shown.value("type", ""), "urn:posthaste:problem:" + std::string(name));
        EXPECT_EQ(shown.value("status", 0), answer.status);
        EXPECT_FALSE(shown.value("title", "").empty());
        EXPECT_FALSE(shown.value("detail", "").empty());
        EXPECT_EQ(shown.value("message", ""), shown.value("detail", "-"));
        EXPECT_EQ(answer.head.find("Access-Control"), std::string::npos);
    }

    static void expect_alive(raw_socket& connection) {
        ASSERT_TRUE(connection.send(request("GET /livez", "")));
        const auto answer = connection.read_answer();
        ASSERT_TRUE(answer) << "the connection did not survive";
        EXPECT_EQ(answer->status, 200);
        EXPECT_EQ(answer->body, R"({"status":"ok"})");
    }

    static inline std::unique_ptr<daemon_under_test> daemon;
    static inline entrance of_daemon = entrance::open_port;
};

// Runs a suite through both entrances.
#define POSTHASTE_THROUGH_BOTH_ENTRANCES(suite)                                                                  \
    INSTANTIATE_TEST_SUITE_P(                                                                                    \
        through, suite, testing::Values(entrance::open_port, entrance::guarded_socket), [](const auto& tested) { \
            return std::string(tested.param == entrance::open_port ? "an_open_port" : "a_guarded_socket");       \
        })

}  // namespace posthaste
