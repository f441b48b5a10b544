// Takes a batch of events apart: the elements of a JSON array, or the lines of application/x-ndjson, each as the bytes
// that it has in the text, without the space around it.
//
// Of the elements themselves nothing is checked but that their strings and brackets end: whoever reads them does that
// (lib/event/envelope.hpp). One pass, nothing is copied. Pure; one thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste {

class event_splitter {
  public:
    enum class form { array, lines };

    // `text` must outlive this and the pieces.
    event_splitter(std::string_view text, form how) : text_(text), form_(how) {}

    struct piece {
        std::string_view text;
        std::size_t offset = 0;  // of it in the whole, in bytes
    };
    // The next element; empty at the end, or where something is wrong between the elements. An element that never ends
    // is given as the rest of the text.
    [[nodiscard]] std::optional<piece> next();

    struct fault {
        std::size_t offset = 0;
        std::string what;  // "expected …"
    };
    [[nodiscard]] const std::optional<fault>& wrong() const noexcept { return fault_; }
    // What is wrong is that the text does not begin as an array; it may be other JSON.
    [[nodiscard]] bool is_no_array() const noexcept {
        return fault_ && form_ == form::array && place_ == place::before;
    }

  private:
    enum class place { before, first_element, element, behind_element, end };

    [[nodiscard]] std::optional<piece> next_line();
    [[nodiscard]] std::optional<piece> next_element();
    [[nodiscard]] std::optional<piece> take_element();
    [[nodiscard]] std::optional<piece> fail(std::string what);
    void finish();
    void skip_space() noexcept;
    [[nodiscard]] bool at(char wanted) const noexcept { return at_ < text_.size() && text_[at_] == wanted; }

    std::string_view text_;
    form form_;
    std::size_t at_ = 0;
    place place_ = place::before;
    std::optional<fault> fault_;
};

}  // namespace posthaste
