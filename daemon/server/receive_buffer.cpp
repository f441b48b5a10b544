#include "daemon/server/receive_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace posthaste {

receive_buffer::receive_buffer() : bytes_(std::make_unique_for_overwrite<char[]>(initial_bytes)) {}

std::span<char> receive_buffer::room() {
    if (end_ == capacity_) move_to(begin_ > 0 ? capacity_ : 2 * capacity_);
    return {bytes_.get() + end_, capacity_ - end_};
}

void receive_buffer::consume(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
}

void receive_buffer::keep_room_behind(std::size_t kept, std::size_t count) {
    if (begin_ + kept + count <= capacity_) return;
    move_to(std::max(capacity_, kept + count));
}

void receive_buffer::shrink() {
    if (capacity_ > initial_bytes && begin_ == end_) *this = receive_buffer();
}

void receive_buffer::move_to(std::size_t capacity) {
    if (capacity == capacity_) {
        std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
    } else {
        auto larger = std::make_unique_for_overwrite<char[]>(capacity);
        std::memcpy(larger.get(), bytes_.get() + begin_, end_ - begin_);
        bytes_ = std::move(larger);
        capacity_ = capacity;
    }
    end_ -= begin_;
    begin_ = 0;
}

}  // namespace posthaste
