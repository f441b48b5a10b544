// One TCP connection on loopback, byte by byte: sends exactly what it is told and sees exactly what comes back.
//
// Blocking, with `patience` as the limit of every wait. A closed peer raises no signal.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/system/support/patience.hpp"

namespace posthaste {

struct http_answer {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case; a repeated one: the last
    std::string body;
    std::string head;  // as it came

    [[nodiscard]] std::string header(const std::string& lower_case_name) const;
    // The body as JSON; a discarded value when it is none.
    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};

class raw_socket {
  public:
    explicit raw_socket(std::uint16_t port, const std::string& address = "127.0.0.1");
    ~raw_socket();

    raw_socket(raw_socket&& other) noexcept;
    raw_socket& operator=(raw_socket&&) = delete;

    [[nodiscard]] bool connected() const noexcept { return connected_; }
    // False when the peer has closed.
    bool send(std::string_view bytes);
    // No more will be sent; reading goes on.
    void half_close();
    void close();
    // Closes with a reset instead of an orderly end.
    void reset();

    // The next whole answer (an interim 1xx is one of its own). Empty when the connection ended, or nothing came in
    // time. What follows it stays for the next call.
    [[nodiscard]] std::optional<http_answer> read_answer();
    // Everything up to the end of the connection. Empty optional: it did not end in time.
    [[nodiscard]] std::optional<std::string> read_until_close(std::chrono::milliseconds at_most = patience);
    // Waits for the peer's end of the connection; false when it did not come in time, or bytes came instead.
    [[nodiscard]] bool closed_by_peer(std::chrono::milliseconds at_most = patience);
    // Whether bytes are there to read within so long; for "and then nothing comes".
    [[nodiscard]] bool has_more(std::chrono::milliseconds within);
    // So many of the bytes that come next, or fewer when the connection ended.
    [[nodiscard]] std::string read_some(std::size_t at_most = 65536);

  private:
    enum class read_result { bytes, end, timeout };
    std::optional<std::string> read_chunks();
    read_result fill(std::chrono::milliseconds at_most);

    int socket_ = -1;
    bool connected_ = false;
    std::string buffer_;
};

using http_headers = std::vector<std::pair<std::string, std::string>>;

// The bytes of a request; Host and Content-Length are added where they are not among the headers.
[[nodiscard]] std::string request_text(std::string_view method, std::string_view path, const http_headers& headers,
                                       std::string_view body, std::uint16_t port);

// One request over a connection of its own. Empty when no answer came.
[[nodiscard]] std::optional<http_answer> http_call(std::uint16_t port, std::string_view method, std::string_view path,
                                                   const http_headers& headers = {}, std::string_view body = {});

// A POST of JSON to /run/event.
[[nodiscard]] std::optional<http_answer> post_event(std::uint16_t port, std::string_view body,
                                                    std::string_view path = "/run/event");

// {"event": "Ticket Created", "userId": USER, "data": …}, the sample event.
[[nodiscard]] std::string sample_event(std::string_view user = "10101010101010",
                                       std::string_view ticket = "Refund request");

}  // namespace posthaste
