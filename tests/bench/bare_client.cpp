// The measure of the drain: bare_client PORT CONNECTIONS REQUESTS
//
// Posts the sample event over so many kept-alive connections, one request at a time on each, with the bytes that
// posthaste sends and nothing else to do: no outbox, no lanes, no pool. Prints requests a second.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

std::string request_text(unsigned short port) {
    const std::string body =
        R"({"event": "Ticket Created", "userId": "10101010101010", "data": {"ticketName": "Refund request", )"
        R"("customerEmail": "ada@example.com", "description": "Please help"}})";
    return "POST /run/event HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
           "\r\nAuthorization: Bearer test-key-5f1c8a\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
           "Content-Length: " +
           std::to_string(body.size()) +
           "\r\nIdempotency-Key: 01970000-0000-7000-8000-000000000000\r\nUser-Agent: posthaste/0.1.0\r\n"
           "x-api-version: 2025-09\r\n\r\n" +
           body;
}

[[noreturn]] void fail(const char* where, const error_code& error) {
    std::fprintf(stderr, "bare_client: %s: %s\n", where, error.message().c_str());
    std::exit(1);
}

// One connection: writes the request, reads the answer, and again while requests are left.
class connection {
  public:
    connection(asio::io_context& io, const asio::ip::tcp::endpoint& peer, const std::string& request, long& left)
        : socket_(io), request_(request), left_(left) {
        socket_.connect(peer);
        socket_.set_option(asio::ip::tcp::no_delay(true));
        write();
    }

  private:
    void write() {
        if (left_ == 0) return;
        --left_;
        asio::async_write(socket_, asio::buffer(request_), [this](const error_code& failed, std::size_t) {
            if (failed) fail("write", failed);
            read();
        });
    }

    void read() {
        response_ = {};
        http::async_read(socket_, buffer_, response_, [this](const error_code& failed, std::size_t) {
            if (failed) fail("read", failed);
            if (response_.result() != http::status::ok) std::exit(1);
            write();
        });
    }

    asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type> socket_;
    const std::string& request_;
    long& left_;
    boost::beast::flat_buffer buffer_;
    http::response<http::string_body> response_;
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) return 2;
    const auto port = static_cast<unsigned short>(std::atoi(arguments[1]));
    const int connections = std::atoi(arguments[2]);
    const long requests = std::atol(arguments[3]);
    long left = requests;
    const std::string request = request_text(port);
    asio::io_context io{1};
    std::deque<connection> all;
    const auto begun = std::chrono::steady_clock::now();
    for (int n = 0; n < connections; ++n)
        all.emplace_back(io, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port), request, left);
    io.run();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    std::printf("%.0f\n", static_cast<double>(requests) / taken.count());
}
