// Lets the handler of a parser's events know how far the parser has read: an iterator over the text whose position
// stands outside of it.
//
// The parser stands behind the last byte of the token it reports; behind a number perhaps one byte more. One thread.

#pragma once

#include <cstddef>
#include <iterator>

namespace posthaste {

class body_iterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    // `position` must outlive this and its copies, which all share it.
    explicit body_iterator(const char*& position) noexcept : position_(&position) {}

    reference operator*() const noexcept { return **position_; }
    body_iterator& operator++() noexcept {
        ++*position_;
        return *this;
    }
    friend bool operator==(const body_iterator& a, const body_iterator& b) noexcept {
        return *a.position_ == *b.position_;
    }

  private:
    const char** position_;
};

}  // namespace posthaste
