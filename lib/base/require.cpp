#include "lib/base/require.hpp"

#include <cstdio>
#include <cstdlib>

namespace posthaste {

void require_failed(const char* condition, const char* reason, const char* file, int line) noexcept {
    std::fprintf(stderr, "posthaste: internal error: %s (%s, %s:%d). This is a bug: please report it with this line.\n",
                 reason, condition, file, line);
    std::abort();
}

}  // namespace posthaste
