// CRC-32 (ISO 3309, as in zlib), for noticing bytes that changed on disk. No protection against people. By libdeflate,
// which takes a tenth of what zlib takes for a row of the outbox. Pure.

#pragma once

#include <cstdint>
#include <string_view>

namespace posthaste {

class crc32 {
  public:
    // However they are cut: add("ab") and add("a"), add("b") are the same.
    void add(std::string_view bytes) noexcept;

    [[nodiscard]] std::uint32_t value() const noexcept { return value_; }

  private:
    std::uint32_t value_ = 0;
};

}  // namespace posthaste
