// An upstream that speaks HTTP in its own way, well or badly: what becomes of the answer, and of the connection.

#include <fstream>

#include <gtest/gtest.h>

#include "tests/system/support/certificates.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

namespace {

// A running upstream and a daemon that sends to it.
struct pair_of_both {
    explicit pair_of_both(std::vector<answer_step> steps, const nlohmann::json& changes = nlohmann::json::object())
        : daemon(upstream.url(), changes) {
        upstream.start();
        upstream.answer_with(std::move(steps));
        daemon.start();
    }

    // Posts an event and waits for its delivery; gives its facts.
    nlohmann::json deliver() {
        const std::string id = daemon.post(sample_event());
        EXPECT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log();
        return daemon.event(id);
    }

    std::vector<std::uint64_t> connections() {
        std::vector<std::uint64_t> used;
        for (const recorded_request& request : upstream.requests())
            used.push_back(request.connection);
        return used;
    }

    upstream_process upstream;
    daemon_under_test daemon;
};

using connections = std::vector<std::uint64_t>;

// The event's first attempt fails for such a reason, and the second one delivers it.
void expect_failure(answer_step peculiar, const std::string& reason, const nlohmann::json& changes = nullptr) {
    SCOPED_TRACE(reason);
    pair_of_both both({std::move(peculiar), answers(200)}, changes.is_null() ? nlohmann::json::object() : changes);
    const nlohmann::json facts = both.deliver();
    EXPECT_EQ(facts.at("attempts"), 2) << facts;
    EXPECT_TRUE(both.daemon.running().wait_for_output(reason)) << both.daemon.log();
    EXPECT_EQ(both.connections(), (connections{1, 2}));
}

long peak_memory_kib(pid_t process) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
    return 0;
}

}  // namespace

TEST(upstream_peculiarities, connection_close_is_obeyed_at_no_cost) {
    answer_step closing = answers(200);
    closing.headers = {{"Connection", "close"}};
    pair_of_both both({closing});
    for (int each = 0; each < 3; ++each)
        EXPECT_EQ(both.deliver().at("attempts"), 1);
    EXPECT_EQ(both.connections(), (connections{1, 2, 3}));
}

TEST(upstream_peculiarities, interim_answers_are_passed_over) {
    pair_of_both both(
        {says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
              "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")});
    for (int each = 0; each < 2; ++each)
        EXPECT_EQ(both.deliver().at("attempts"), 1);
    EXPECT_EQ(both.connections(), (connections{1, 1}));
}

TEST(upstream_peculiarities, chunks_and_trailers_are_read_to_their_end) {
    pair_of_both both(
        {says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
              "1\r\n{\r\n3;ext=\"a;b\"\r\n   \r\n1\r\n}\r\n0\r\nX-Sum: 1\r\nRetry-After: 9\r\n\r\n")});
    for (int each = 0; each < 3; ++each)
        EXPECT_EQ(both.deliver().at("attempts"), 1);
    EXPECT_EQ(both.connections(), (connections{1, 1, 1}));
}

// A 503 that names a time is no attempt of the event; in a trailer none is named (RFC 9110, section 6.5.1).
TEST(upstream_peculiarities, a_trailer_is_no_header) {
    pair_of_both both({says("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\nTrailer: Retry-After\r\n\r\n"
                            "1\r\n.\r\n0\r\nRetry-After: 1\r\n\r\n"),
                       answers(200)});
    EXPECT_EQ(both.deliver().at("attempts"), 2);
    EXPECT_EQ(both.connections(), (connections{1, 1}));
}

TEST(upstream_peculiarities, an_answer_without_a_length_ends_with_its_connection) {
    pair_of_both both({says("HTTP/1.1 200 OK\r\n\r\nall went well", true)});
    for (int each = 0; each < 2; ++each)
        EXPECT_EQ(both.deliver().at("attempts"), 1);
    EXPECT_EQ(both.connections(), (connections{1, 2}));
}

TEST(upstream_peculiarities, an_answer_without_a_body_is_whole) {
    pair_of_both both({says("HTTP/1.1 204 No Content\r\n\r\n")});
    for (int each = 0; each < 2; ++each)
        EXPECT_EQ(both.deliver().at("attempts"), 1);
    EXPECT_EQ(both.connections(), (connections{1, 1}));
}

TEST(upstream_peculiarities, a_misdirected_request_is_sent_again_on_a_new_connection) {
    pair_of_both both({answers(200), answers(421), answers(200)});
    both.deliver();
    both.deliver();
    EXPECT_EQ(both.connections(), (connections{1, 1, 2}));
}

TEST(upstream_peculiarities, an_answer_before_the_whole_request_is_read_is_not_lost_to_the_reset) {
    certificate_authority known("an authority we trust");
    const certificate_files files = known.issue("DNS:localhost");
    const std::string body =
        R"({"event": "Ticket Created", "userId": "ada", "data": {"x": ")" + std::string(8 << 20, 'x') + "\"}}";
    for (const bool tls : {false, true}) {
        SCOPED_TRACE(tls ? "TLS" : "plain");
        upstream_process upstream(tls ? files.certificate : "", tls ? files.key : "");
        upstream.start();
        answer_step early = answers(413);
        early.what = answer_step::kind::early;
        upstream.answer_with({early});
        daemon_under_test daemon(upstream.url(),
                                 {{"limits", {{"body", "16MiB"}}}, {"upstream", {{"ca_file", known.file()}}}});
        daemon.start();
        const std::string id = daemon.post(body);
        ASSERT_TRUE(daemon.wait_for_state(id, "dead")) << daemon.event(id).at("lastError") << daemon.log();
        EXPECT_EQ(daemon.event(id).at("attempts"), 1);
        EXPECT_EQ(daemon.event(id).at("lastError").at("status"), 413);
        EXPECT_EQ(daemon.event(id).at("lastError").at("message"), "the test says 413");
    }
}

TEST(upstream_peculiarities, an_answer_of_a_gigabyte_is_cut_off_and_its_status_counts) {
    answer_step flood = says("HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n");
    flood.what = answer_step::kind::flood;
    pair_of_both both({answers(200), flood, answers(200)});
    both.deliver();
    const long before = peak_memory_kib(both.daemon.running().id());
    EXPECT_EQ(both.deliver().at("attempts"), 1);
    both.deliver();
    EXPECT_EQ(both.connections(), (connections{1, 1, 2}));
    ASSERT_GT(before, 0);
    EXPECT_LT(peak_memory_kib(both.daemon.running().id()), before + (sanitized ? 256 : 16) * 1024);
}

TEST(upstream_peculiarities, an_answer_that_comes_byte_by_byte_must_end_in_time_too) {
    answer_step trickle = answers(200);
    trickle.what = answer_step::kind::trickle;
    trickle.after = std::chrono::milliseconds{40};  // some 130 bytes: far longer than the timeout
    expect_failure(trickle, "no whole answer within 500ms", {{"upstream", {{"response_timeout", "500ms"}}}});
}

TEST(upstream_peculiarities, a_kept_connection_that_is_reset_under_a_request_costs_no_attempt) {
    pair_of_both both({answers(200), does(answer_step::kind::reset), answers(200)});
    both.deliver();
    EXPECT_EQ(both.deliver().at("attempts"), 1);
    EXPECT_EQ(both.connections(), (connections{1, 1, 2}));
}

TEST(upstream_peculiarities, a_request_is_repeated_for_nothing_once_only) {
    pair_of_both both({answers(200), does(answer_step::kind::drop, 2), answers(200)});
    both.deliver();
    EXPECT_EQ(both.deliver().at("attempts"), 2) << "the new connection's end is a failure";
    EXPECT_EQ(both.connections(), (connections{1, 1, 2, 3}));
}

TEST(upstream_peculiarities, what_is_no_answer_is_none) {
    expect_failure(says("SSH-2.0-OpenSSH_9.2\r\n"), "the answer is not valid HTTP");
    expect_failure(says(std::string("\x15\x03\x01") + "\n\n\r\n\r\n"), "the answer is not valid HTTP");
    expect_failure(says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxx"),
                   "the answer is not valid HTTP");
    expect_failure(says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
                   "the answer is not valid HTTP");
    expect_failure(says("HTTP/1.1 200 OK\r\nX-Long: " + std::string(1 << 20, 'x') + "\r\nContent-Length: 0\r\n\r\n"),
                   "the answer is not valid HTTP");
}

}  // namespace posthaste
