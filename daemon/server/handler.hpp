// Between the listener's sessions, which know HTTP, and the resources, which know what to answer.
//
// Everything here belongs to the thread of the io_context that the listener runs on.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lib/config/access_scope.hpp"
#include "lib/http/head_check.hpp"
#include "lib/http/problem.hpp"

namespace posthaste {

struct response {
    unsigned status = 200;
    std::string_view content_type = "application/json";  // outlives the call of answer(); "": none
    std::string fields{};                                // further complete lines: "Location: /v1/events/…\r\n"
    std::string body{};
    bool close = false;  // the connection ends with this answer
};

// A body whose length nobody knows beforehand, in parts, as fast as the peer takes them.
class body_source {
  public:
    virtual ~body_source() = default;
    // Calls `give` once, later, on the listener's thread: with the next part, or with an empty one for the end. Not
    // called again before.
    virtual void next(std::function<void(std::string part)> give) = 0;
    // It goes on until somebody leaves: the listener's stop does not wait for its end, but cuts it off.
    [[nodiscard]] virtual bool is_endless() const noexcept { return false; }
    // Once it gave its end: fields about the whole of it, each with its CR LF (RFC 9112, 7.1.2). HTTP/1.0 has none.
    [[nodiscard]] virtual std::string trailer() const { return {}; }
};

// Who sent a request, as far as its token tells.
struct caller {
    access_scope scope = access_scope::operators;  // what it may do; everything where no tokens are configured
    std::string token_digest{};  // SHA-256 of the presented token, 32 raw bytes; empty where no token was asked for
};

// One request that is waiting for its answer. Kept alive by whoever still has to answer it; the peer may be gone by
// then, which the exchange bears in silence. Answer (or drop) exactly once, from the listener's thread; forgotten
// without an answer, which may happen on any thread, the connection closes.
class exchange {
  public:
    virtual ~exchange() = default;

    // Valid until the answer was given.
    [[nodiscard]] virtual const request_head& head() const = 0;
    [[nodiscard]] virtual std::string& body() = 0;  // yours to move from
    [[nodiscard]] virtual const caller& by() const = 0;

    // Takes so many bytes more, until the answer was given, from the memory that the bodies of all requests share: what
    // is made of a body counts as the body does. False: there is not so much left (no_room_for_bodies()).
    [[nodiscard]] virtual bool take_memory(std::uint64_t bytes) = 0;

    virtual void answer(response what) = 0;
    virtual void answer(const problem& what) = 0;
    // The body of `head` is ignored. To a HEAD only the head is answered.
    virtual void answer_in_parts(response head, std::shared_ptr<body_source> body) = 0;
    // Closes the connection without an answer: only the sandbox's faults do that.
    virtual void drop() = 0;
};

// One resource.
class handler {
  public:
    virtual ~handler() = default;

    // Judges the head before the body is read. A problem refuses the request: its body is not kept.
    [[nodiscard]] virtual std::optional<problem> refuse(const request_head& head) const = 0;
    // The largest body that is read for this resource; a larger one is 413.
    [[nodiscard]] virtual std::uint64_t body_limit() const = 0;
    // The configuration's key that sets that limit; "" where nothing does.
    [[nodiscard]] virtual std::string_view body_limit_key() const { return {}; }
    // What to do about a larger one, before that key is named.
    [[nodiscard]] virtual std::string_view how_to_send_less() const { return "Send less in one request"; }
    // Called once the whole request was read. Answers now or later.
    virtual void handle(std::shared_ptr<exchange> request) = 0;
};

// What a path and method lead to.
struct route {
    handler* to = nullptr;
    access_scope scope = access_scope::operators;  // who may call it, where tokens are configured
};

// Finds the handler of a path and method, or the 404 or 405 to answer.
class router {
  public:
    virtual ~router() = default;
    [[nodiscard]] virtual result<route, problem> find(const request_head& head) = 0;
};

}  // namespace posthaste
