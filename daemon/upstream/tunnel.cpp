#include "daemon/upstream/tunnel.hpp"

#include <array>
#include <memory>
#include <utility>

#include <boost/asio/write.hpp>

#include "lib/base/base64.hpp"
#include "lib/http/connect_answer.hpp"

namespace posthaste {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_head_bytes = 16 * 1024;

class asking final : public std::enable_shared_from_this<asking> {
  public:
    asking(upstream_socket& socket, std::function<void(tunnel_outcome)> done)
        : socket_(socket), done_(std::move(done)) {}

    void write(const std::string& request) {
        asio::async_write(socket_, asio::buffer(request),
                          [self = shared_from_this()](const boost::system::error_code& failed, std::size_t) {
                              if (failed)
                                  self->end({failed, 0});
                              else
                                  self->read();
                          });
    }

  private:
    void read() {
        socket_.async_read_some(asio::buffer(block_), [self = shared_from_this()](
                                                          const boost::system::error_code& failed, std::size_t bytes) {
            if (failed)
                self->end({failed, 0});
            else
                self->came(bytes);
        });
    }

    // The upstream speaks after us, so that nothing of it can stand behind the head.
    void came(std::size_t bytes) {
        answer_.append(block_.data(), bytes);
        const auto read_so_far = read_connect_answer(answer_);
        if (!read_so_far && answer_.size() < most_head_bytes) return read();
        const bool sound = read_so_far && (read_so_far->status / 100 != 2 || read_so_far->size == answer_.size());
        end({{}, sound ? read_so_far->status : 0});
    }

    void end(tunnel_outcome outcome) { std::exchange(done_, nullptr)(std::move(outcome)); }

    upstream_socket& socket_;
    std::function<void(tunnel_outcome)> done_;
    std::array<char, 1024> block_;
    std::string answer_;
};

}  // namespace

std::string tunnel_request(const url& upstream, const proxy_settings& proxy) {
    const bool ipv6 = upstream.host.find(':') != std::string::npos;
    const std::string target = (ipv6 ? "[" + upstream.host + "]" : upstream.host) + ":" + std::to_string(upstream.port);
    std::string request =
        "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\nUser-Agent: posthaste/" POSTHASTE_VERSION "\r\n";
    if (!proxy.credentials.empty())
        request += "Proxy-Authorization: Basic " + base64_encoded(proxy.credentials) + "\r\n";
    return request + "\r\n";
}

// tinyproxy says 401 for a wrong password.
bool asks_for_credentials(int status) noexcept {
    return status == 407 || status == 401;
}

std::string tunnel_refusal(const std::string& proxy, const std::string& upstream, int status) {
    if (status == 0) return proxy + " did not answer in HTTP: check upstream.proxy";
    const std::string refused = proxy + " refused the way to " + upstream + " (it answered " + std::to_string(status);
    if (asks_for_credentials(status))
        return refused + "): it asks for credentials, or for others: check those in upstream.proxy";
    if (status >= 500) return refused + "): it could not get there itself";
    return refused + "): it must allow CONNECT to this host and port";
}

void open_tunnel(upstream_socket& socket, const std::string& request, std::function<void(tunnel_outcome)> done) {
    std::make_shared<asking>(socket, std::move(done))->write(request);
}

}  // namespace posthaste
