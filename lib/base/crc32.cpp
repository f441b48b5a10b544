#include "lib/base/crc32.hpp"

#include <libdeflate.h>

namespace posthaste {

void crc32::add(std::string_view bytes) noexcept {
    if (bytes.empty()) return;  // a null pointer would be taken as "give the initial value"
    value_ = ::libdeflate_crc32(value_, bytes.data(), bytes.size());
}

}  // namespace posthaste
