// Finds duplicate members while a JSON text is read: the names of every object that is open, innermost last.
//
// A few names are compared one by one as they come; many are sorted once when their object closes. So the cost is
// n log n whatever the names are (there is no hash to flood), and the memory is bounded by the text's size: a name is
// kept as a place in the text, and copied only where escapes make it differ from its bytes there.
// Pure; one thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/container/small_vector.hpp>

namespace posthaste {

class member_names {
  public:
    // `text` must outlive this, and have fewer than 2^31 bytes.
    explicit member_names(std::string_view text);

    void open_object();
    // A name of the innermost object, decoded; `end` is the offset behind its closing quote. Returns the offset `end`
    // of the second of two equal names, perhaps of an earlier pair's.
    [[nodiscard]] std::optional<std::size_t> add(std::string_view name, std::size_t end);
    // As add(), for what was left to be found.
    [[nodiscard]] std::optional<std::size_t> close_object();

  private:
    struct place {
        std::uint32_t start = 0;  // in the text or in the copies
        std::uint32_t size : 31 = 0;
        std::uint32_t copied : 1 = 0;
        std::uint32_t end = 0;  // in the text
    };
    struct object {
        std::uint32_t first_name = 0;
        std::uint32_t copies_size = 0;
    };

    [[nodiscard]] std::string_view name_at(const place& where) const noexcept;
    [[nodiscard]] std::optional<std::size_t> find_among_many(std::size_t first);

    std::string_view text_;
    std::string copies_;
    boost::container::small_vector<place, 32> names_;
    boost::container::small_vector<object, 16> objects_;
};

}  // namespace posthaste
