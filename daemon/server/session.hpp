// One connection: reads requests one at a time, has each judged and handled, writes the answers in their order.
//
//                 first byte           whole head            whole body
//     idle ──────────────► reading_head ──────► reading_body ──────► handling ──► writing ──► idle, or lingering
//
// A request that arrives in one piece goes from idle to handling at once. What is pipelined waits in the buffer, and is
// taken in a loop, never by recursion. A fault of the framing ends the connection: the answer is written, the sending
// side is shut down, and what still comes is read and dropped for a second, so that the answer is not lost to a reset.
// Nothing behind the fault is looked at.
//
// The session is itself the exchange of the request it works on: whoever has to answer keeps it alive, and so does a
// pending read or write; when neither is left it closes. Belongs to the listener's thread; only the last pointer to it
// may be dropped on another one (a resource that asks other threads may lose its question there).

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/server/connection_table.hpp"
#include "daemon/server/handler.hpp"
#include "daemon/server/receive_buffer.hpp"
#include "daemon/server/server_context.hpp"
#include "lib/http/chunked_body.hpp"
#include "lib/http/head_check.hpp"

namespace posthaste {

class session final : public exchange, public tracked_connection, public std::enable_shared_from_this<session> {
  public:
    // TCP and unix sockets alike.
    using stream =
        boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, boost::asio::io_context::executor_type>;

    // Takes a connection up. `port` is the one it was accepted on, empty for a unix socket; the socket is non-blocking.
    static void start(stream socket, std::optional<std::uint16_t> port, std::shared_ptr<server_context> shared);
    ~session();

    // As an exchange.
    [[nodiscard]] const request_head& head() const override { return head_; }
    [[nodiscard]] std::string& body() override { return body_; }
    [[nodiscard]] const caller& by() const override { return caller_; }
    [[nodiscard]] bool take_memory(std::uint64_t bytes) override;
    void answer(response what) override;
    void answer(const problem& what) override;
    void answer_in_parts(response head, std::shared_ptr<body_source> body) override;
    void drop() override { close(); }

    // As one of the listener's connections.
    void check_deadline(steady_time now) override;
    [[nodiscard]] bool evict() override;
    void wind_up() override;

  private:
    session(stream socket, std::optional<std::uint16_t> port, std::shared_ptr<server_context> shared);

    enum class phase { idle, reading_head, reading_body, handling, writing, lingering, closed };

    // The loop. Each step tells whether the next one can be taken without waiting.
    void advance();
    bool take_head();
    bool take_body();
    bool take_sized_body();
    bool take_chunked_body();
    void enter(phase next, activity now);

    // One request.
    bool begin_request();
    bool refuse(problem why);
    bool begin_body();
    bool body_complete(std::size_t request_bytes);
    bool keep(std::uint64_t body_bytes);
    bool fail(problem why);

    // Reading and writing.
    bool wait_for_bytes(phase next, activity now);
    void read();
    bool make_room_in_body();
    void note_body_bytes(std::size_t count);
    void on_read(const boost::system::error_code& failed, std::size_t count);
    void send_continue();
    void send(unsigned status, std::string_view content_type, std::string_view fields, std::string_view body);
    bool hold(std::uint64_t bytes);
    void write_rest();
    void written();
    void next_part();
    void send_part(std::string part);
    void answered();
    void linger();
    void close();
    void forget_request();

    stream socket_;
    std::shared_ptr<server_context> shared_;
    const std::optional<std::uint16_t> port_;
    phase phase_ = phase::idle;
    bool fresh_ = true;  // no byte has come yet
    bool advancing_ = false;
    bool reading_ = false;    // a read is pending
    bool into_body_ = false;  // and goes right into the body
    bool closing_ = false;    // the connection ends with the present answer
    steady_time since_;  // of the phase; of the measured span while a body comes; of the latest progress in writing

    receive_buffer buffer_;
    head_scanner scanner_;
    request_head head_;
    caller caller_;
    handler* handler_ = nullptr;
    std::optional<problem> refusal_;  // the body is read only to be dropped, then this is the answer
    std::string body_;
    std::uint64_t body_left_ = 0;      // of an announced length
    std::uint64_t body_received_ = 0;  // bytes of body_ that are in use while it is read into directly
    chunked_body chunks_;
    std::uint64_t span_bytes_ = 0;  // of the body, as they came over the wire since since_
    std::uint64_t budget_taken_ = 0;
    std::size_t request_bytes_ = 0;  // what the request still takes up in the buffer
    std::string out_;
    std::size_t written_ = 0;
    std::shared_ptr<body_source> source_;  // what comes after out_
};

}  // namespace posthaste
