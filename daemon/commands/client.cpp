#include "daemon/commands/client.hpp"

#include <algorithm>
#include <array>
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
constexpr std::size_t most_refusal_bytes = 1024 * 1024;

start_failure no_answer(const url& server, const error_code& error) {
    const auto where = server.text();
    if (error == asio::error::connection_refused) {
        return {exit_code::failed, "posthaste is not running at " + where +
                                       " (connection refused): start it with posthaste run, or name it with --server"};
    }
    return {exit_code::failed, "no answer from " + where + ": " + error.message()};
}

void complete(http::request<http::string_body>& request, const url& server) {
    request.set(http::field::host, server.authority());
    request.set(http::field::user_agent, "posthaste/" POSTHASTE_VERSION);
    request.keep_alive(false);
    request.prepare_payload();
}

// Connects, and writes the request. A refusal may come before the whole of it was taken: then the answer is there to be
// read, whatever became of the writing.
struct request_sent {
    error_code connecting;
    error_code writing;
};

request_sent send_request(asio::io_context& io, beast::tcp_stream& stream, const url& server,
                          const http::request<http::string_body>& request) {
    asio::ip::tcp::resolver resolver(io);
    request_sent outcome;
    const auto addresses = resolver.resolve(server.host, std::to_string(server.port), outcome.connecting);
    if (outcome.connecting) return outcome;
    stream.expires_after(connect_timeout);
    outcome.connecting = run_blocking(io, [&](auto handler) { stream.async_connect(addresses, handler); });
    if (outcome.connecting) return outcome;
    stream.expires_after(answer_timeout);
    outcome.writing = run_blocking(io, [&](auto handler) { http::async_write(stream, request, handler); });
    return outcome;
}

class one_request {
  public:
    explicit one_request(const url& server) : server_(server) {}

    result<daemon_answer, start_failure> send(http::request<http::string_body> request) {
        complete(request, server_);
        if (auto error = exchange(request)) return no_answer(server_, error);
        auto& answer = parser_.get();
        return daemon_answer{answer.result_int(), std::move(answer.body())};
    }

  private:
    error_code exchange(const http::request<http::string_body>& request) {
        const auto sent = send_request(io_, stream_, server_, request);
        if (sent.connecting) return sent.connecting;
        parser_.body_limit(most_answer_bytes);
        const auto error =
            run_blocking(io_, [&](auto handler) { http::async_read(stream_, buffer_, parser_, handler); });
        return error && sent.writing ? sent.writing : error;
    }

    const url& server_;
    asio::io_context io_{1};
    beast::tcp_stream stream_{io_};
    beast::flat_buffer buffer_;
    http::response_parser<http::string_body> parser_;
};

// Reads a body piece by piece, whatever its size.
class streamed_answer {
  public:
    streamed_answer(const url& server, const daemon_client::body_sink& sink) : server_(server), sink_(sink) {}

    result<daemon_answer, start_failure> get(http::request<http::string_body> request) {
        complete(request, server_);
        const auto sent = send_request(io_, stream_, server_, request);
        if (sent.connecting) return no_answer(server_, sent.connecting);
        parser_.body_limit(boost::none);
        if (auto error =
                run_blocking(io_, [&](auto handler) { http::async_read_header(stream_, buffer_, parser_, handler); }))
            return no_answer(server_, error);
        daemon_answer answer{parser_.get().result_int(), {}};
        while (!parser_.is_done()) {
            auto piece = read_piece();
            if (!piece) return start_failure{exit_code::failed, "the answer broke off: " + piece.error().message()};
            if (answer.status == 200) {
                if (!sink_(*piece)) break;
            } else if (answer.body.size() < most_refusal_bytes) {
                answer.body += *piece;
            }
        }
        return answer;
    }

  private:
    result<std::string_view, error_code> read_piece() {
        auto& body = parser_.get().body();
        body.data = piece_.data();
        body.size = piece_.size();
        stream_.expires_after(answer_timeout);
        auto error = run_blocking(io_, [&](auto handler) { http::async_read(stream_, buffer_, parser_, handler); });
        if (error == http::error::need_buffer) error = {};
        if (error) return error;
        return std::string_view(piece_.data(), piece_.size() - body.size);
    }

    const url& server_;
    const daemon_client::body_sink& sink_;
    asio::io_context io_{1};
    beast::tcp_stream stream_{io_};
    beast::flat_buffer buffer_;
    http::response_parser<http::buffer_body> parser_;
    std::array<char, 64 * 1024> piece_{};
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
    return post(target, "application/json", std::move(body));
}

result<daemon_answer, start_failure> daemon_client::post(const std::string& target, const char* content_type,
                                                         std::string body) const {
    http::request<http::string_body> request{http::verb::post, server_.path_prefix + target, 11, std::move(body)};
    request.set(http::field::content_type, content_type);
    return one_request(server_).send(std::move(request));
}

result<daemon_answer, start_failure> daemon_client::get_stream(const std::string& target, const body_sink& sink) const {
    return streamed_answer(server_, sink).get({http::verb::get, server_.path_prefix + target, 11});
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
