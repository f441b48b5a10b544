#include "daemon/commands/client.hpp"

#include <filesystem>
#include <system_error>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "daemon/commands/blocking.hpp"
#include "lib/base/text.hpp"
#include "lib/config/load.hpp"
#include "lib/config/network_readers.hpp"

namespace posthaste {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr seconds connect_timeout{5};
constexpr seconds answer_timeout{30};
constexpr std::uint64_t most_answer_bytes = 64ULL * 1024 * 1024;

start_failure no_answer(const url& server, const error_code& error) {
    const auto where = server.text();
    if (error == asio::error::connection_refused) {
        return {exit_code::failed, "posthaste is not running at " + where +
                                       " (connection refused): start it with posthaste run, or name it with --server"};
    }
    return {exit_code::failed, "no answer from " + where + ": " + error.message()};
}

class one_request {
  public:
    explicit one_request(const url& server) : server_(server) {}

    result<daemon_answer, start_failure> send(http::request<http::string_body> request) {
        request.set(http::field::host, server_.authority());
        request.set(http::field::user_agent, "posthaste/" POSTHASTE_VERSION);
        request.keep_alive(false);
        request.prepare_payload();
        if (auto error = exchange(request)) return no_answer(server_, error);
        auto& answer = parser_.get();
        return daemon_answer{answer.result_int(), std::move(answer.body())};
    }

  private:
    error_code exchange(const http::request<http::string_body>& request) {
        asio::ip::tcp::resolver resolver(io_);
        error_code error;
        const auto addresses = resolver.resolve(server_.host, std::to_string(server_.port), error);
        if (error) return error;

        stream_.expires_after(connect_timeout);
        error = run_blocking(io_, [&](auto handler) { stream_.async_connect(addresses, handler); });
        if (error) return error;

        stream_.expires_after(answer_timeout);
        const auto write_error = run_blocking(io_, [&](auto handler) { http::async_write(stream_, request, handler); });
        // A refusal may come before the whole request was taken.
        parser_.body_limit(most_answer_bytes);
        error = run_blocking(io_, [&](auto handler) { http::async_read(stream_, buffer_, parser_, handler); });
        return error && write_error ? write_error : error;
    }

    const url& server_;
    asio::io_context io_{1};
    beast::tcp_stream stream_{io_};
    beast::flat_buffer buffer_;
    http::response_parser<http::string_body> parser_;
};

result<url, start_failure> server_url(const std::string& text, const std::string& source) {
    auto parsed = parse_url(text);
    if (!parsed) {
        return start_failure{exit_code::usage, source + " " + parsed.error() + "; expected http://127.0.0.1:8650"};
    }
    if (parsed->tls) {
        return start_failure{exit_code::usage, source + ": posthaste speaks plain http on loopback; write http://…"};
    }
    return *std::move(parsed);
}

}  // namespace

result<daemon_answer, start_failure> daemon_client::get(const std::string& target) const {
    return one_request(server_).send({http::verb::get, server_.path_prefix + target, 11});
}

result<daemon_answer, start_failure> daemon_client::post_json(const std::string& target, std::string body) const {
    http::request<http::string_body> request{http::verb::post, server_.path_prefix + target, 11, std::move(body)};
    request.set(http::field::content_type, "application/json");
    return one_request(server_).send(std::move(request));
}

result<url, start_failure> find_daemon(const std::optional<std::string>& server,
                                       const std::optional<std::string>& config_file) {
    if (server) return server_url(*server, "--server");
    if (const auto from_environment = process_environment()("POSTHASTE_SERVER")) {
        return server_url(*from_environment, "$POSTHASTE_SERVER");
    }
    listen_address address;
    std::error_code ignored;
    if (config_file || std::filesystem::exists(default_config_file, ignored)) {
        auto found = load_client_address({config_file.value_or(default_config_file), std::nullopt, {}});
        if (!found) return start_failure{exit_code::usage, found.error().text + "; or name the daemon with --server"};
        address = *std::move(found);
    }
    if (address.port == 0) {
        return start_failure{exit_code::usage,
                             "the configuration lets the daemon take any free port: name the daemon with --server"};
    }
    return url{false, std::move(address.host), address.port, ""};
}

}  // namespace posthaste
