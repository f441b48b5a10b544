// The bytes received on one connection and not yet used: small while they are few, bounded, never zero-filled.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace posthaste {

class receive_buffer {
  public:
    static constexpr std::size_t initial_bytes = 4 * 1024;

    receive_buffer();

    [[nodiscard]] std::string_view unread() const noexcept { return {bytes_.get() + begin_, end_ - begin_}; }
    // Where the next bytes go: never empty. Growing or moving ends every view into unread().
    [[nodiscard]] std::span<char> room();
    void received(std::size_t count) noexcept { end_ += count; }

    // Drops the first `count` unread bytes, or all but the first `count`. Views into what stays remain valid.
    void consume(std::size_t count) noexcept;
    void truncate(std::size_t count) noexcept { end_ = begin_ + count; }

    // Sees to it that room() can give at least `count` bytes behind the first `kept` unread ones without moving them.
    void keep_room_behind(std::size_t kept, std::size_t count);
    // Gives memory back that a large request took, once nothing is unread.
    void shrink();

  private:
    void move_to(std::size_t capacity);

    std::size_t capacity_ = initial_bytes;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::unique_ptr<char[]> bytes_;
};

}  // namespace posthaste
