#include "daemon/sandbox/slack_webhooks.hpp"

#include <type_traits>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <spdlog/spdlog.h>

#include "daemon/upstream/tls.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t most_waiting = 1000;
constexpr std::size_t most_answer_bytes = 16 * 1024;
constexpr seconds step_timeout{10};

using plain_stream = beast::tcp_stream;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;

http::request<http::string_body> request_of(const url& to, const std::string& text) {
    http::request<http::string_body> request(http::verb::post, to.path_prefix.empty() ? "/" : to.path_prefix, 11);
    request.set(http::field::host, to.authority());
    request.set(http::field::content_type, "application/json");
    request.set(http::field::user_agent, "posthaste/" POSTHASTE_VERSION);
    request.set(http::field::connection, "close");
    request.body() = "{\"text\": " + json_quote(text) + "}";
    request.prepare_payload();
    return request;
}

}  // namespace

struct slack_webhooks::waiting {
    const url* to;
    std::string channel;
    std::string text;
};

struct slack_webhooks::under_way {
    virtual ~under_way() = default;
    virtual void give_up() = 0;
};

// One message on its way. Ends with a call of ended(), unless it was given up.
template <class Stream>
class slack_webhooks::posting final : public under_way,
                                      public std::enable_shared_from_this<slack_webhooks::posting<Stream>> {
  public:
    template <class... Tls>
    posting(slack_webhooks& owner, const waiting& what, Tls&... tls)
        : owner_(&owner),
          to_(*what.to),
          resolver_(owner.io_),
          stream_(owner.io_, tls...),
          request_(request_of(*what.to, what.text)) {}

    void start() {
        if (!owner_) return;
        if constexpr (is_tls)
            if (!expect_certificate_of(stream_.native_handle(), to_.host)) return end("its host has no valid name");
        resolver_.async_resolve(to_.host, std::to_string(to_.port),
                                [self = this->shared_from_this()](const error_code& failed, const auto& found) {
                                    self->resolved(failed, found);
                                });
    }

    void give_up() override {
        owner_ = nullptr;
        resolver_.cancel();
        beast::get_lowest_layer(stream_).close();
    }

  private:
    static constexpr bool is_tls = std::is_same_v<Stream, tls_stream>;

    void resolved(const error_code& failed, const tcp::resolver::results_type& found) {
        if (!owner_) return;
        if (failed) return end("its host was not found: " + failed.message());
        timed().async_connect(found, [self = this->shared_from_this()](const error_code& refused, const auto&) {
            self->connected(refused);
        });
    }

    void connected(const error_code& failed) {
        if (failed) return end("its host was not reached: " + failed.message());
        if constexpr (is_tls) {
            timed();
            stream_.async_handshake(
                boost::asio::ssl::stream_base::client,
                [self = this->shared_from_this()](const error_code& refused) { self->shook_hands(refused); });
        } else {
            write();
        }
    }

    void shook_hands(const error_code& failed) {
        if (failed) return end("the TLS handshake failed: " + failed.message());
        write();
    }

    void write() {
        timed();
        http::async_write(stream_, request_, [self = this->shared_from_this()](const error_code& failed, std::size_t) {
            self->written(failed);
        });
    }

    void written(const error_code& failed) {
        if (failed) return end("the connection broke: " + failed.message());
        timed();
        answer_.body_limit(most_answer_bytes);
        http::async_read(
            stream_, received_, answer_,
            [self = this->shared_from_this()](const error_code& broken, std::size_t) { self->answered(broken); });
    }

    void answered(const error_code& failed) {
        if (failed && !answer_.is_header_done()) return end("no answer came: " + failed.message());
        const auto& answer = answer_.get();
        if (answer.result_int() == 200) return end("");
        end("Slack answered " + std::to_string(answer.result_int()) + ": " + printable(answer.body()));
    }

    // The stream, with a new deadline for the step that comes.
    beast::tcp_stream& timed() {
        beast::tcp_stream& lowest = beast::get_lowest_layer(stream_);
        lowest.expires_after(step_timeout);
        return lowest;
    }

    void end(const std::string& trouble) {
        if (slack_webhooks* owner = std::exchange(owner_, nullptr)) owner->ended(trouble);
    }

    slack_webhooks* owner_;
    const url to_;
    tcp::resolver resolver_;
    Stream stream_;
    http::request<http::string_body> request_;
    beast::flat_buffer received_;
    http::response_parser<http::string_body> answer_;
};

slack_webhooks::slack_webhooks(boost::asio::io_context& io) : io_(io) {}

slack_webhooks::~slack_webhooks() {
    close();
}

result<void, start_failure> slack_webhooks::open() {
    auto context = make_tls_context(upstream_settings{});
    if (!context) return context.error();
    tls_ = *std::move(context);
    return {};
}

void slack_webhooks::post(const url& to, const slack_message& message) {
    if (closed_) return;
    if (waiting_.size() >= most_waiting) {
        spdlog::warn("a Slack message for {} is not posted to its webhook: {} wait already", printable(message.channel),
                     most_waiting);
        return;
    }
    waiting_.push_back({&to, message.channel, message.text});
    if (!under_way_) start_next();
}

void slack_webhooks::start_next() {
    const waiting& next = waiting_.front();
    const auto start = [this](auto made) {
        under_way_ = made;
        // Later, so that it never ends within this call.
        boost::asio::post(io_, [made] { made->start(); });
    };
    if (next.to->tls)
        start(std::make_shared<posting<tls_stream>>(*this, next, *tls_));
    else
        start(std::make_shared<posting<plain_stream>>(*this, next));
}

void slack_webhooks::ended(const std::string& trouble) {
    if (!trouble.empty())
        spdlog::warn("a Slack message for {} was not posted to its webhook: {}; it is not tried again",
                     printable(waiting_.front().channel), trouble);
    waiting_.pop_front();
    under_way_.reset();
    if (!waiting_.empty()) start_next();
}

void slack_webhooks::close() {
    closed_ = true;
    waiting_.clear();
    if (under_way_) under_way_->give_up();
    under_way_.reset();
}

}  // namespace posthaste
