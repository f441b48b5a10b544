// Undoes Content-Encoding: gzip (RFC 1952) within a bound, a part at a time: what unpacks to more than it may is given
// up as soon as that shows. Members that stand one behind the other are joined; anything else behind one is an error.
// Pure; one thread.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace posthaste {

// How long what unpacks to `bytes` can be where it does not compress: in stored blocks, each of 5 KiB or more, with a
// frame and the name of a file.
[[nodiscard]] constexpr std::uint64_t longest_packed(std::uint64_t bytes) noexcept {
    return bytes + bytes / 1024 + 1024;
}

class gunzip {
  public:
    // `packed` must outlive this.
    gunzip(std::string_view packed, std::uint64_t most_bytes);
    ~gunzip();

    gunzip(const gunzip&) = delete;
    gunzip& operator=(const gunzip&) = delete;

    enum class state { more, whole, too_large, broken };
    // Unpacks about so many bytes more.
    state unpack(std::size_t bytes);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] std::string take() noexcept { return std::move(text_); }

  private:
    int inflate_members();

    std::unique_ptr<z_stream_s> stream_;
    std::uint64_t most_;
    std::string text_;
    state state_ = state::more;
};

}  // namespace posthaste
