#include "lib/base/crc32.hpp"

#include <libdeflate.h>

namespace posthaste {

void crc32::add(std::string_view bytes) noexcept {
    if (bytes.empty()) return;  // a null pointer would be taken as "give the initial value"
    value_ = ::libdeflate_crc32(value_, bytes.data(), bytes.size());
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
