// Decodes a chunked body (RFC 9112, section 7.1) as its bytes come, and nothing but a plainly well-formed one.
//
// A chunk header is one to sixteen hexadecimal digits, perhaps a ";" with extensions (which are ignored), at most 256
// bytes in all, counted while it still arrives, and CR LF. Trailers are refused. Pure; any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace posthaste {

inline constexpr std::size_t max_chunk_header_bytes = 256;

class chunked_body {
  public:
    enum class state { incomplete, complete, malformed, too_large };

    explicit chunked_body(std::uint64_t limit = 0) : limit_(limit) {}

    // Appends what `bytes` hold of the body to `body`. complete: used() of them belonged to it, the rest is the next
    // request's. too_large: the body is over the limit, told as soon as a chunk header shows it.
    state decode(std::string_view bytes, std::string& body);
    [[nodiscard]] std::size_t used() const noexcept { return used_; }
    // malformed: what is wrong, the end of a sentence.
    [[nodiscard]] std::string_view fault() const noexcept { return fault_; }

  private:
    enum class part { size, extension, header_end, data, data_cr, data_lf, last_cr, last_lf };

    state malformed(std::string_view why);
    state read(char c);
    state size_byte(char c);
    state header_complete();

    std::uint64_t limit_;
    std::uint64_t left_ = 0;   // of the present chunk
    std::uint64_t total_ = 0;  // of the whole body, as announced so far
    std::size_t header_bytes_ = 0;
    std::size_t digits_ = 0;
    part part_ = part::size;
    std::size_t used_ = 0;
    std::string_view fault_;
};

}  // namespace posthaste
