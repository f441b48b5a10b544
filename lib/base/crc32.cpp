#include "lib/base/crc32.hpp"

#include <zlib.h>

namespace posthaste {

void crc32::add(std::string_view bytes) noexcept {
    if (bytes.empty()) return;  // zlib takes a null pointer as "give the initial value"
    value_ = static_cast<std::uint32_t>(::crc32_z(value_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void crc32::add_field(std::string_view bytes) noexcept {
    char length[8];
    std::uint64_t rest = bytes.size();
    for (char& byte : length) {
        byte = static_cast<char>(rest & 0xFF);
        rest >>= 8;
    }
    add({length, sizeof length});
    add(bytes);
}

}  // namespace posthaste
