// The strict check of a request's raw head (RFC 9112), made before anything else looks at it.
//
// Whatever two parsers could read differently is refused here: bare CR or LF, NUL, obs-fold, a space before a colon,
// both Content-Length and Transfer-Encoding, a repeated, listed or non-digit Content-Length, transfer codings other
// than a single final "chunked", HTTP/1.0 with Transfer-Encoding, no Host or two, odd targets. Pure; any thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lib/http/problem.hpp"

namespace posthaste {

inline constexpr std::size_t max_head_bytes = 16 * 1024;

struct header_field {
    std::string_view name;   // as sent
    std::string_view value;  // trimmed
};

// All views point into the head's bytes, which the caller keeps.
struct request_head {
    std::string_view method;
    std::string_view target;     // as sent
    std::string_view path;       // without the query, of either form
    std::string_view query;      // behind the "?", if any
    std::string_view scheme;     // of an absolute target, else ""
    std::string_view authority;  // of an absolute target, else ""
    std::string_view host;       // the Host field's value
    int minor_version = 1;       // HTTP/1.minor
    bool keep_alive = true;
    bool chunked = false;
    bool expect_continue = false;
    std::optional<std::uint64_t> content_length;
    std::vector<header_field> fields;

    // The first field of that name (any case); "" when there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
    [[nodiscard]] bool has_body() const noexcept { return chunked || content_length.value_or(0) > 0; }
};

// Where a head ends, found as its bytes arrive. Never looks at a byte twice.
class head_scanner {
  public:
    enum class state { incomplete, complete, malformed, too_large };

    // `bytes` is everything received so far of this head, from its first byte on; it grows from call to call. One empty
    // line before the request line is skipped (RFC 9112, section 2.2). complete: size() bytes are the head, its final
    // empty line included.
    state scan(std::string_view bytes);
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    // malformed: what is wrong, the end of a sentence.
    [[nodiscard]] std::string_view fault() const noexcept { return fault_; }
    void reset() noexcept { *this = {}; }

  private:
    state malformed(std::string_view why);
    state end_of_line(std::string_view bytes);

    std::size_t scanned_ = 0;
    std::size_t line_start_ = 0;
    std::size_t size_ = 0;
    bool empty_line_skipped_ = false;
    bool request_line_seen_ = false;
    std::string_view fault_;
};

// What its Host may be: the name of a host, or whatever a client makes of the path of a unix socket.
enum class host_form { name, any };

// Reads a head that a head_scanner found complete, over `into`, whose memory is used again. Empty: fine. The problem's
// `close` is always set.
[[nodiscard]] std::optional<problem> check_scanned_head(std::string_view head, request_head& into,
                                                        host_form form = host_form::name);

// The answers to a head that cannot be read, and to one over max_head_bytes.
[[nodiscard]] problem malformed_head(std::string_view fault);
[[nodiscard]] problem head_too_large();

}  // namespace posthaste
