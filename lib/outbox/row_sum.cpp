#include "lib/outbox/row_sum.hpp"

#include <array>
#include <string_view>

#include "lib/base/crc32.hpp"
#include "lib/base/little_endian.hpp"

namespace posthaste {

std::uint64_t row_bytes(const event& what) noexcept {
    return row_overhead_bytes + what.name.size() + what.user_id.size() + what.path.size() + what.api_version.size() +
           what.traceparent.size() + what.tracestate.size() + what.body.size();
}

namespace {

// A CRC of many short pieces costs twice that of one long one: they are put together first.
class gathered_crc {
  public:
    void add(std::string_view bytes) {
        if (bytes.size() > pieces_.size() - used_) {
            sum_.add({pieces_.data(), used_});
            used_ = 0;
        }
        if (bytes.size() > pieces_.size()) {
            sum_.add(bytes);
        } else {
            used_ += bytes.copy(pieces_.data() + used_, bytes.size());
        }
    }

    [[nodiscard]] std::uint32_t value() {
        sum_.add({pieces_.data(), used_});
        used_ = 0;
        return sum_.value();
    }

  private:
    crc32 sum_;
    std::array<char, 1024> pieces_;
    std::size_t used_ = 0;
};

}  // namespace

// Each text counts with its length before it, so that a byte moved from one to the next changes the sum.
std::uint32_t row_checksum(const uuid& id, const event& what) noexcept {
    gathered_crc sum;
    sum.add({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
    for (const std::string* field :
         {&what.user_id, &what.name, &what.path, &what.api_version, &what.traceparent, &what.tracestate, &what.body}) {
        const auto size = to_little_endian(std::uint64_t{field->size()});
        sum.add({size.data(), size.size()});
        sum.add(*field);
    }
    return sum.value();
}

}  // namespace posthaste
