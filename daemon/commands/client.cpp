#include "daemon/commands/client.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "daemon/commands/blocking.hpp"
#include "lib/base/text.hpp"
#include "lib/config/access_tokens.hpp"
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

// TCP and unix sockets alike.
using stream_protocol = asio::generic::stream_protocol;
using client_stream = beast::basic_stream<stream_protocol>;

start_failure no_answer(const daemon_place& server, const error_code& error) {
    const auto where = server.text();
    if (error == asio::error::access_denied && !server.socket_path.empty()) {
        return {exit_code::failed, "this user may not use " + where + ": join the group that its file belongs to"};
    }
    if (error == boost::system::errc::no_such_file_or_directory) {
        return {exit_code::failed, "posthaste is not running at " + where +
                                       " (there is no such socket): start it with posthaste run, or name it with "
                                       "--server"};
    }
    if (error == asio::error::connection_refused) {
        return {exit_code::failed, "posthaste is not running at " + where +
                                       " (connection refused): start it with posthaste run, or name it with --server"};
    }
    return {exit_code::failed, "no answer from " + where + ": " + error.message()};
}

void complete(http::request<http::string_body>& request, const daemon_place& server) {
    request.set(http::field::host, server.socket_path.empty() ? server.address.authority() : "localhost");
    if (!server.token.empty()) request.set(http::field::authorization, "Bearer " + server.token);
    request.set(http::field::user_agent, "posthaste/" POSTHASTE_VERSION);
    request.keep_alive(false);
    request.prepare_payload();
}

std::vector<stream_protocol::endpoint> endpoints_of(asio::io_context& io, const daemon_place& place,
                                                    error_code& failed) {
    if (!place.socket_path.empty()) return {asio::local::stream_protocol::endpoint(place.socket_path)};
    std::vector<stream_protocol::endpoint> found;
    asio::ip::tcp::resolver resolver(io);
    for (const auto& each : resolver.resolve(place.address.host, std::to_string(place.address.port), failed))
        found.emplace_back(each.endpoint());
    return found;
}

// Connects, and writes the request. A refusal may come before the whole of it was taken: then the answer is there to be
// read, whatever became of the writing.
struct request_sent {
    error_code connecting;
    error_code writing;
};

request_sent send_request(asio::io_context& io, client_stream& stream, const daemon_place& server,
                          const http::request<http::string_body>& request, seconds patience = answer_timeout) {
    request_sent outcome;
    const auto endpoints = endpoints_of(io, server, outcome.connecting);
    if (outcome.connecting) return outcome;
    stream.expires_after(connect_timeout);
    outcome.connecting = run_blocking(io, [&](auto handler) { stream.async_connect(endpoints, handler); });
    if (outcome.connecting) return outcome;
    stream.expires_after(patience);
    outcome.writing = run_blocking(io, [&](auto handler) { http::async_write(stream, request, handler); });
    return outcome;
}

class one_request {
  public:
    explicit one_request(const daemon_place& server, seconds patience = answer_timeout)
        : server_(server), patience_(patience) {}

    result<daemon_answer, lost_answer> send(http::request<http::string_body> request) {
        complete(request, server_);
        if (auto error = exchange(request)) return lost_answer{no_answer(server_, error), reached_};
        auto& answer = parser_.get();
        daemon_answer told{answer.result_int(), std::move(answer.body())};
        for (const auto& field : answer)
            told.fields.emplace_back(field.name_string(), field.value());
        return told;
    }

  private:
    error_code exchange(const http::request<http::string_body>& request) {
        const auto sent = send_request(io_, stream_, server_, request, patience_);
        if (sent.connecting) return sent.connecting;
        reached_ = true;
        parser_.body_limit(most_answer_bytes);
        const auto error =
            run_blocking(io_, [&](auto handler) { http::async_read(stream_, buffer_, parser_, handler); });
        return error && sent.writing ? sent.writing : error;
    }

    const daemon_place& server_;
    seconds patience_;
    bool reached_ = false;
    asio::io_context io_{1};
    client_stream stream_{io_};
    beast::flat_buffer buffer_;
    http::response_parser<http::string_body> parser_;
};

// Reads a body piece by piece, whatever its size.
class streamed_answer {
  public:
    streamed_answer(const daemon_place& server, const daemon_client::body_sink& sink) : server_(server), sink_(sink) {}

    result<daemon_answer, start_failure> get(http::request<http::string_body> request) {
        complete(request, server_);
        const auto sent = send_request(io_, stream_, server_, request);
        if (sent.connecting) return no_answer(server_, sent.connecting);
        parser_.body_limit(boost::none);
        if (auto error =
                run_blocking(io_, [&](auto handler) { http::async_read_header(stream_, buffer_, parser_, handler); }))
            return no_answer(server_, error);
        daemon_answer answer{parser_.get().result_int(), {}, fields()};
        if (answer.status == 200 && !sink_.begin(answer)) return answer;
        while (!parser_.is_done()) {
            auto piece = read_piece();
            if (!piece) return start_failure{exit_code::failed, "the answer broke off: " + piece.error().message()};
            if (answer.status == 200) {
                if (!sink_.take(*piece)) break;
            } else if (answer.body.size() < most_refusal_bytes) {
                answer.body += *piece;
            }
        }
        answer.fields = fields();  // those of a trailer, too
        return answer;
    }

  private:
    [[nodiscard]] field_list fields() const {
        field_list found;
        for (const auto& field : parser_.get())
            found.emplace_back(field.name_string(), field.value());
        return found;
    }

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

    const daemon_place& server_;
    const daemon_client::body_sink& sink_;
    asio::io_context io_{1};
    client_stream stream_{io_};
    beast::flat_buffer buffer_;
    http::response_parser<http::buffer_body> parser_;
    std::array<char, 64 * 1024> piece_{};
};

result<daemon_place, start_failure> place_of(const std::string& text, const std::string& source) {
    constexpr std::string_view unix_scheme = "unix:";
    if (text.starts_with(unix_scheme)) {
        auto path = parse_socket_path(std::string_view(text).substr(unix_scheme.size()));
        if (!path) {
            return start_failure{exit_code::usage, source + ": the socket's path " + path.error() +
                                                       "; expected unix:/run/posthaste/posthaste.sock"};
        }
        return daemon_place{.socket_path = *std::move(path)};
    }
    auto parsed = parse_url(text);
    if (text.find("://") == std::string::npos) parsed = std::string("has no scheme (write http://…)");
    if (!parsed) {
        return start_failure{exit_code::usage,
                             source + " " + parsed.error() + "; expected http://127.0.0.1:8650 or unix:/PATH"};
    }
    if (parsed->tls) {
        return start_failure{exit_code::usage, source + ": posthaste speaks plain http on loopback; write http://…"};
    }
    return daemon_place{.address = *std::move(parsed)};
}

result<daemon_place, start_failure> configured_place(const std::optional<std::string>& config_file) {
    listen_address address;
    std::error_code ignored;
    if (config_file || std::filesystem::exists(default_config_file, ignored)) {
        auto found = load_client_address({config_file.value_or(default_config_file), std::nullopt, {}});
        if (!found) return start_failure{exit_code::usage, found.error().text + "; or name the daemon with --server"};
        address = *std::move(found);
    }
    if (address.is_unix()) return daemon_place{.socket_path = std::move(address.socket_path)};
    if (address.port == 0) {
        return start_failure{exit_code::usage,
                             "the configuration lets the daemon take any free port: name the daemon with --server"};
    }
    if (address.host == "0.0.0.0") address.host = "127.0.0.1";  // every address of this machine, this one too
    if (address.host == "::") address.host = "::1";
    return daemon_place{.address = {false, std::move(address.host), address.port, ""}};
}

result<daemon_place, start_failure> find_place(const client_options& options) {
    if (options.server) return place_of(*options.server, "--server");
    const auto from_environment = process_environment()("POSTHASTE_SERVER");
    if (from_environment && !from_environment->empty()) return place_of(*from_environment, "$POSTHASTE_SERVER");
    return configured_place(options.config_file);
}

result<daemon_answer, start_failure> without_detail(result<daemon_answer, lost_answer> outcome) {
    if (outcome) return *std::move(outcome);
    return start_failure(std::move(outcome).error());
}

}  // namespace

std::string daemon_answer::field(std::string_view name) const {
    for (const auto& [known, value] : fields)
        if (equals_ignoring_case(known, name)) return value;
    return "";
}

result<daemon_answer, start_failure> daemon_client::get(const std::string& target) const {
    return without_detail(one_request(server_).send({http::verb::get, server_.address.path_prefix + target, 11}));
}

result<daemon_answer, start_failure> daemon_client::post_json(const std::string& target, std::string body) const {
    return without_detail(post({.target = target, .body = std::move(body)}));
}

result<daemon_answer, lost_answer> daemon_client::post(daemon_post what) const {
    http::request<http::string_body> request{http::verb::post, server_.address.path_prefix + what.target, 11,
                                             std::move(what.body)};
    for (const auto& [name, value] : what.fields)
        request.insert(name, value);
    request.set(http::field::content_type, what.content_type);
    return one_request(server_, what.patience).send(std::move(request));
}

result<daemon_answer, start_failure> daemon_client::remove(const std::string& target) const {
    return without_detail(one_request(server_).send({http::verb::delete_, server_.address.path_prefix + target, 11}));
}

result<daemon_answer, start_failure> daemon_client::get_stream(const std::string& target, const body_sink& sink) const {
    return streamed_answer(server_, sink).get({http::verb::get, server_.address.path_prefix + target, 11});
}

std::string daemon_place::text() const {
    return socket_path.empty() ? address.text() : "unix:" + socket_path;
}

result<daemon_place, start_failure> find_daemon(const client_options& options) {
    auto place = find_place(options);
    if (!place || !options.token_file) return place;
    auto token = load_client_token(*options.token_file, process_environment());
    if (!token) return start_failure{exit_code::usage, "--token-file: " + token.error()};
    place->token = *std::move(token);
    return place;
}

}  // namespace posthaste
