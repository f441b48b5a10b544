// Against the programs that stand between posthaste and its upstream in real life: nginx, HAProxy, tinyproxy.

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/accounts.hpp"
#include "tests/system/support/certificates.hpp"
#include "tests/system/support/daemon_under_test.hpp"
#include "tests/system/support/load.hpp"
#include "tests/system/support/peer_program.hpp"
#include "tests/system/support/upstream_process.hpp"

namespace posthaste {

namespace {

using testing::HasSubstr;
using testing::Not;

// Ten requests a connection, and a line for each in its log: connection, whether the TLS session was resumed ("r"),
// key.
peer_program nginx_over_tls(const certificate_files& files) {
    return {"nginx",
            {"-c", "FILE", "-e", "stderr"},
            R"(daemon off;
master_process off;
pid FOLDER/nginx.pid;
events { worker_connections 256; }
http {
    log_format requests '$connection $ssl_session_reused $http_idempotency_key';
    access_log FOLDER/requests.log requests;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    keepalive_requests 10;
    server {
        listen 127.0.0.1:PORT ssl;
        ssl_certificate )" +
                files.certificate + ";\nssl_certificate_key " + files.key + R"(;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:sessions:1m;
        location / { return 200 '{"message": "Event successfully triggered"}'; }
    }
})"};
}

struct nginx_request {
    std::string connection;
    bool resumed = false;
    std::string key;
};

std::vector<nginx_request> requests_of(const peer_program& nginx) {
    std::ifstream log(nginx.folder() / "requests.log");
    std::vector<nginx_request> requests;
    nginx_request next;
    for (std::string resumed; log >> next.connection >> resumed >> next.key; requests.push_back(next))
        next.resumed = resumed == "r";
    return requests;
}

std::string haproxy_configuration(std::uint16_t backend) {
    return R"(global
    maxconn 256
defaults
    mode http
    retries 0
    timeout connect 1s
    timeout client 30s
    timeout server 30s
frontend posthaste
    bind 127.0.0.1:PORT
    default_backend dying
backend dying
    server only 127.0.0.1:)" +
           std::to_string(backend) + "\n";
}

constexpr const char* proxy_user = "ada";
constexpr const char* proxy_password = "opensesame73";
constexpr const char* proxy_basic = "YWRhOm9wZW5zZXNhbWU3Mw==";

peer_program tinyproxy(std::uint16_t upstream, bool asks_for_password) {
    std::string configuration =
        "Port PORT\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 64\n"
        "LogLevel Connect\nLogFile \"FOLDER/log\"\nConnectPort " +
        std::to_string(upstream) + "\n";
    if (asks_for_password)
        configuration += "BasicAuth " + std::string(proxy_user) + " " + std::string(proxy_password) + "\n";
    return {"tinyproxy", {"-d", "-c", "FILE"}, configuration};
}

std::string proxy_url(const peer_program& proxy, const std::string& credentials = "") {
    return "http://" + credentials + "127.0.0.1:" + std::to_string(proxy.port());
}

// Neither the password nor what it looks like on its way, anywhere a person may look.
void expect_no_credentials(const daemon_under_test& daemon, const std::string& id) {
    for (const std::string& shown : {daemon.log(), daemon.status().dump(), daemon.event(id).dump()}) {
        EXPECT_THAT(shown, Not(HasSubstr(proxy_password)));
        EXPECT_THAT(shown, Not(HasSubstr(proxy_basic)));
    }
}

void expect_delivered_through(const peer_program& proxy, daemon_under_test& daemon, upstream_process& upstream) {
    std::string id;
    for (int each = 0; each < 5; ++each) {
        id = daemon.post(sample_event());
        ASSERT_TRUE(daemon.wait_for_state(id, "delivered")) << daemon.event(id) << daemon.log() << proxy.output();
    }
    ASSERT_EQ(upstream.requests().size(), 5u);
    for (const recorded_request& request : upstream.requests()) {
        EXPECT_EQ(request.path, "/run/event");
        EXPECT_EQ(request.field("Authorization"), std::string("Bearer ") + daemon_under_test::api_key);
        EXPECT_EQ(request.body, sample_event());
        EXPECT_THAT(request.raw, Not(HasSubstr("CONNECT")));
    }
    EXPECT_THAT(read_whole_file(proxy.folder() / "log"), HasSubstr("Request (file descriptor"));
    expect_no_credentials(daemon, id);
}

}  // namespace

TEST(real_peers, nginx_that_closes_each_tenth_request_gets_every_event_once_and_resumes_sessions) {
    POSTHASTE_NEEDS_PROGRAM("nginx");
    certificate_authority known("an authority we trust");
    peer_program nginx = nginx_over_tls(known.issue("DNS:localhost"));
    nginx.start();
    daemon_under_test daemon("https://localhost:" + std::to_string(nginx.port()),
                             {{"upstream", {{"ca_file", known.file()}}}});
    daemon.start();
    constexpr std::size_t users = 4;
    load sent(2, users / 2, [&] { return daemon.port(); });
    EXPECT_TRUE(wait_until([&] { return sent.acknowledged_count() >= 400; })) << sent.acknowledged_count();
    sent.finish();
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log();
    std::vector<nginx_request> requests;
    EXPECT_TRUE(wait_until([&] {
        requests = requests_of(nginx);
        return requests.size() >= sent.acknowledged_count();
    }));
    std::set<std::string> connections;
    std::set<std::string> keys;
    std::set<std::string> resumed;
    for (const nginx_request& request : requests) {
        connections.insert(request.connection);
        keys.insert(request.key);
        if (request.resumed) resumed.insert(request.connection);
    }
    std::set<std::string> acknowledged;
    for (const auto& [event, id] : sent.acknowledged())
        acknowledged.insert(id);
    EXPECT_EQ(keys, acknowledged) << "none is lost, and none is another's";
    EXPECT_EQ(requests.size(), keys.size()) << "none is repeated";
    EXPECT_GE(connections.size(), requests.size() / 10);
    // All but the first connections, at most one a user, which were opened before there was a session.
    EXPECT_GE(resumed.size() + users, connections.size()) << resumed.size() << " resumed";
}

TEST(real_peers, haproxy_before_a_dying_backend_gets_everything_through_in_each_users_order) {
    POSTHASTE_NEEDS_PROGRAM("haproxy");
    upstream_process backend;
    backend.start();
    answer_step slowly = answers(200);
    slowly.after = std::chrono::milliseconds{2};
    backend.answer_with({slowly});
    peer_program haproxy("haproxy", {"-db", "-f", "FILE"}, haproxy_configuration(backend.port()));
    haproxy.start();
    daemon_under_test daemon("http://127.0.0.1:" + std::to_string(haproxy.port()));
    daemon.start();
    load sent(4, 3, [&] { return daemon.port(); });
    for (int deaths = 0; deaths < 3; ++deaths) {
        const std::size_t before = backend.requests().size();
        EXPECT_TRUE(backend.wait_for_requests(before + 60)) << daemon.log();
        backend.stop();
        const auto failing = [&] { return daemon.status().at("queue").at("retrying") > 0; };
        EXPECT_TRUE(wait_until(failing)) << daemon.status();
        backend.start();
    }
    sent.finish();
    ASSERT_TRUE(daemon.wait_until_drained()) << daemon.status() << daemon.log() << haproxy.output();
    EXPECT_THAT(lost(sent, backend), testing::IsEmpty());
    EXPECT_TRUE(accounts_close(daemon));
    EXPECT_EQ(daemon.status().at("queue").at("dead"), 0);
    // What was in flight when the backend died may come twice, but never behind its successor.
    std::map<std::string, int> newest;
    for (const recorded_request& request : backend.requests()) {
        const auto event = load_event_of(request.body);
        ASSERT_TRUE(event);
        EXPECT_GE(event->number, newest[event->user]) << event->user;
        newest[event->user] = event->number;
    }
}

TEST(real_peers, tinyproxy_named_by_the_environment_carries_tls) {
    POSTHASTE_NEEDS_PROGRAM("tinyproxy");
    certificate_authority known("an authority we trust");
    const certificate_files files = known.issue("DNS:localhost");
    upstream_process upstream(files.certificate, files.key);
    upstream.start();
    peer_program proxy = tinyproxy(upstream.port(), false);
    proxy.start();
    daemon_under_test daemon(upstream.url(), {{"upstream", {{"ca_file", known.file()}}}});
    daemon.set_environment({{"https_proxy", proxy_url(proxy)}, {"no_proxy", ""}, {"NO_PROXY", ""}});
    daemon.start();
    expect_delivered_through(proxy, daemon, upstream);
    EXPECT_THAT(read_whole_file(proxy.folder() / "log"),
                HasSubstr("CONNECT localhost:" + std::to_string(upstream.port())));
}

TEST(real_peers, tinyproxy_that_asks_for_a_password_gets_it_and_nobody_else_does) {
    POSTHASTE_NEEDS_PROGRAM("tinyproxy");
    certificate_authority known("an authority we trust");
    const certificate_files files = known.issue("DNS:localhost");
    upstream_process upstream(files.certificate, files.key);
    upstream.start();
    peer_program proxy = tinyproxy(upstream.port(), true);
    proxy.start();
    const std::string credentials = std::string(proxy_user) + ":" + proxy_password + "@";
    daemon_under_test daemon(upstream.url(),
                             {{"upstream", {{"ca_file", known.file()}, {"proxy", proxy_url(proxy, credentials)}}},
                              {"log", {{"level", "debug"}}}});
    daemon.start();
    expect_delivered_through(proxy, daemon, upstream);
    for (const recorded_request& request : upstream.requests())
        EXPECT_EQ(request.count_of("Proxy-Authorization"), 0u);

    const auto checked =
        run_to_end({{posthaste_binary(), "check", "--upstream", "--config", daemon.configuration_path(), "--set",
                     "queue.path=" + (proxy.folder() / "other.db")},
                    {{"POSTHASTE_API_KEY", daemon_under_test::api_key}},
                    {},
                    {}});
    EXPECT_EQ(checked.status, 0) << checked.output;
    const std::string at_the_proxy = "the proxy 127.0.0.1:" + std::to_string(proxy.port());
    EXPECT_THAT(checked.output, HasSubstr("ok    dns: the proxy 127.0.0.1 is 127.0.0.1\n"));
    EXPECT_THAT(checked.output, HasSubstr("ok    tcp: connected to the proxy at 127.0.0.1, port " +
                                          std::to_string(proxy.port()) + "\n"));
    EXPECT_THAT(checked.output, HasSubstr("ok    proxy: " + at_the_proxy +
                                          " opened the way to localhost:" + std::to_string(upstream.port()) + "\n"));
    EXPECT_THAT(checked.output, HasSubstr("the certificate is trusted and is that of localhost\n"));
    EXPECT_THAT(checked.output, Not(HasSubstr(proxy_password)));
}

TEST(real_peers, tinyproxy_that_does_not_get_its_password_is_named) {
    POSTHASTE_NEEDS_PROGRAM("tinyproxy");
    certificate_authority known("an authority we trust");
    const certificate_files files = known.issue("DNS:localhost");
    upstream_process upstream(files.certificate, files.key);
    upstream.start();
    peer_program proxy = tinyproxy(upstream.port(), true);
    proxy.start();
    const std::string wrong = std::string(proxy_password) + "-of-yesterday";
    daemon_under_test daemon(
        upstream.url(), {{"upstream", {{"ca_file", known.file()}, {"proxy", proxy_url(proxy, "ada:" + wrong + "@")}}}});
    daemon.start();
    const std::string id = daemon.post(sample_event());
    const std::string reason = "asks for credentials, or for others: check those in upstream.proxy";
    EXPECT_TRUE(daemon.running().wait_for_output(reason)) << daemon.log() << proxy.output();
    EXPECT_TRUE(wait_until([&] { return daemon.event(id).at("lastError").is_object(); }));
    EXPECT_THAT(daemon.event(id).at("lastError").at("message"), HasSubstr(reason));
    EXPECT_EQ(daemon.event(id).at("attempts"), 0) << "nothing is the matter with the event";
    EXPECT_TRUE(wait_until([&] { return daemon.status()["upstream"]["state"] == "paused"; })) << daemon.status();
    EXPECT_THAT(daemon.status()["upstream"]["reason"], HasSubstr("proxy-refused: "));
    EXPECT_EQ(upstream.requests().size(), 0u);
    expect_no_credentials(daemon, id);

    const auto checked =
        run_to_end({{posthaste_binary(), "check", "--upstream", "--config", daemon.configuration_path(), "--set",
                     "queue.path=" + (proxy.folder() / "other.db")},
                    {{"POSTHASTE_API_KEY", daemon_under_test::api_key}},
                    {},
                    {}});
    EXPECT_EQ(checked.status, 1);
    EXPECT_THAT(checked.output, HasSubstr("FAIL  proxy: the proxy 127.0.0.1:"));
    EXPECT_THAT(checked.output, HasSubstr(reason));
    EXPECT_THAT(checked.output, Not(HasSubstr(proxy_password)));
}

TEST(real_peers, tinyproxy_carries_plain_http_by_whole_urls) {
    POSTHASTE_NEEDS_PROGRAM("tinyproxy");
    upstream_process upstream;
    upstream.start();
    peer_program proxy = tinyproxy(upstream.port(), true);
    proxy.start();
    const std::string credentials = std::string(proxy_user) + ":" + proxy_password + "@";
    daemon_under_test daemon(upstream.url(), {{"upstream", {{"proxy", proxy_url(proxy, credentials)}}}});
    daemon.start();
    expect_delivered_through(proxy, daemon, upstream);
    EXPECT_THAT(read_whole_file(proxy.folder() / "log"),
                HasSubstr("POST http://127.0.0.1:" + std::to_string(upstream.port()) + "/run/event"));
}

}  // namespace posthaste
