#include "daemon/commands/check_upstream.hpp"

#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "daemon/commands/blocking.hpp"
#include "daemon/commands/key_answer.hpp"
#include "daemon/upstream/tls.hpp"
#include "daemon/upstream/tunnel.hpp"
#include "lib/base/base64.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint32_t most_head_bytes = 16 * 1024;  // of an answer, as in delivery
constexpr int most_interim_answers = 20;

class upstream_visit {
  public:
    upstream_visit(const upstream_settings& upstream, check_report& report) : upstream_(upstream), report_(report) {}

    void go() {
        if (!look_up() || !connect()) return;
        if (upstream_.proxy && upstream_.url.tls && !open_tunnel()) return;
        if (!upstream_.url.tls) return try_key(stream_);
        auto context = make_tls_context(upstream_);
        if (!context) return failed("tls", context.error().message);
        asio::ssl::stream<beast::tcp_stream&> secure(stream_, *context);
        if (shake_hands(secure)) try_key(secure);
    }

  private:
    // Where the way goes first.
    [[nodiscard]] const url& next() const { return upstream_.proxy ? upstream_.proxy->address : upstream_.url; }
    [[nodiscard]] std::string next_named() const {
        return (upstream_.proxy ? "the proxy " : "") + printable(next().host);
    }

    bool look_up() {
        error_code error;
        addresses_ = tcp::resolver(io_).resolve(next().host, std::to_string(next().port), error);
        if (error) {
            failed("dns", "there is no address of " + next_named() + ": " + error.message());
            return false;
        }
        std::string listed;
        for (const auto& address : addresses_) {
            listed += (listed.empty() ? "" : ", ") + address.endpoint().address().to_string();
        }
        passed("dns", next_named() + " is " + listed);
        return true;
    }

    bool connect() {
        stream_.expires_after(upstream_.connect_timeout);
        const auto error =
            run_blocking(io_, [&](auto handler) { stream_.async_connect(addresses_, std::move(handler)); });
        if (error) {
            failed("tcp", "no connection to " + std::string(upstream_.proxy ? "the proxy " : "") + next().text() +
                              ": " + reason(error, upstream_.connect_timeout));
            return false;
        }
        error_code gone;
        const auto peer = stream_.socket().remote_endpoint(gone);
        passed("tcp", "connected to " + std::string(upstream_.proxy ? "the proxy at " : "") +
                          peer.address().to_string() + ", port " + std::to_string(peer.port()));
        return true;
    }

    bool open_tunnel() {
        const auto request = tunnel_request(upstream_.url, *upstream_.proxy);
        const auto target = upstream_.url.host + ":" + std::to_string(upstream_.url.port);
        const auto proxy = "the proxy " + next().host + ":" + std::to_string(next().port);
        stream_.expires_after(upstream_.connect_timeout);
        auto error =
            run_blocking(io_, [&](auto handler) { asio::async_write(stream_, asio::buffer(request), handler); });
        http::response_parser<http::empty_body> parser;
        parser.skip(true);
        beast::flat_buffer buffer;
        if (!error) {
            error = run_blocking(
                io_, [&](auto handler) { http::async_read_header(stream_, buffer, parser, std::move(handler)); });
        }
        const int status = error ? 0 : static_cast<int>(parser.get().result_int());
        const bool no_http = error.category() == make_error_code(http::error::bad_version).category();
        if (error && (!no_http || error == http::error::end_of_stream)) {
            failed("proxy", printable(proxy) + " opened no way: " + reason(error, upstream_.connect_timeout));
            return false;
        }
        if (status / 100 != 2) {
            failed("proxy", printable(tunnel_refusal(proxy, target, status), 1024));
            return false;
        }
        passed("proxy", printable(proxy) + " opened the way to " + printable(target));
        return true;
    }

    bool shake_hands(asio::ssl::stream<beast::tcp_stream&>& secure) {
        const auto& host = upstream_.url.host;
        if (!expect_certificate_of(secure.native_handle(), host)) {
            failed("tls", printable(host) + " is no name that a certificate could hold");
            return false;
        }
        stream_.expires_after(upstream_.connect_timeout);
        const auto error = run_blocking(
            io_, [&](auto handler) { secure.async_handshake(asio::ssl::stream_base::client, std::move(handler)); });
        if (error == beast::error::timeout) {
            failed("tls", reason(error, upstream_.connect_timeout));
            return false;
        }
        if (error) {
            failed("tls", explain_handshake_failure(secure.native_handle(), host, error));
            return false;
        }
        passed("tls", std::string(SSL_get_version(secure.native_handle())) +
                          ", the certificate is trusted and is that of " + printable(host));
        return true;
    }

    template <class Stream>
    void try_key(Stream& stream) {
        if (upstream_.api_key.empty()) return;
        const bool read_by_proxy = is_read_by_proxy(upstream_);  // which is told the whole URL
        const auto base = read_by_proxy ? upstream_.url.text() : upstream_.url.path_prefix;
        http::request<http::empty_body> request{http::verb::get, base + std::string(key_question), 11};
        if (read_by_proxy && !upstream_.proxy->credentials.empty())
            request.set(http::field::proxy_authorization, "Basic " + base64_encoded(upstream_.proxy->credentials));
        request.set(http::field::host, upstream_.url.authority());
        request.set(http::field::user_agent, "posthaste/" POSTHASTE_VERSION);
        request.set(http::field::accept, "application/json");
        request.set(http::field::authorization, "Bearer " + upstream_.api_key);
        request.set("x-api-version", upstream_.api_version);
        request.keep_alive(false);

        stream_.expires_after(upstream_.response_timeout);
        auto error = run_blocking(io_, [&](auto handler) { http::async_write(stream, request, std::move(handler)); });
        // The body says nothing that is shown, and interim answers (103 Early Hints) nothing of the key.
        std::optional<http::response_parser<http::empty_body>> parser;
        beast::flat_buffer buffer;
        int answers = 0;
        do {
            if (++answers > most_interim_answers)
                return failed("key",
                              "not judged: the upstream sends interim answers (1xx) without end: check that "
                              "upstream.url leads to it");
            parser.emplace();
            parser->header_limit(most_head_bytes);
            parser->skip(true);
            if (!error) {
                error = run_blocking(
                    io_, [&](auto handler) { http::async_read_header(stream, buffer, *parser, std::move(handler)); });
            }
            if (error) return failed("key", "no answer came: " + reason(error, upstream_.response_timeout));
        } while (is_interim(parser->get().result_int()));
        const auto& answer = parser->get();
        report_.push_back(judge_key(upstream_, {static_cast<int>(answer.result_int()), answer[http::field::location]}));
    }

    static bool is_interim(unsigned status) { return status >= 100 && status < 200 && status != 101; }

    static std::string reason(const error_code& error, milliseconds limit) {
        if (error == beast::error::timeout) return "nothing came within " + duration_text(limit);
        return printable(error.message());
    }

    void passed(std::string name, std::string detail) {
        report_.push_back({std::move(name), exit_code::done, std::move(detail)});
    }
    void failed(std::string name, std::string detail) {
        report_.push_back({std::move(name), exit_code::failed, std::move(detail)});
    }

    const upstream_settings& upstream_;
    check_report& report_;
    asio::io_context io_{1};
    beast::tcp_stream stream_{io_};
    tcp::resolver::results_type addresses_;
};

}  // namespace

void check_upstream(const upstream_settings& upstream, check_report& report) {
    upstream_visit(upstream, report).go();
}

}  // namespace posthaste
