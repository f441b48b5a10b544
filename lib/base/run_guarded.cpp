#include "lib/base/run_guarded.hpp"

#include <string>

#include "lib/base/require.hpp"
#include "lib/base/text.hpp"

namespace posthaste {

void exception_escaped(std::string_view thread_name, std::string_view what) noexcept {
    const std::string reason =
        "an exception escaped on the " + std::string(thread_name) + " thread: " + printable(what);
    require_failed("run_guarded", reason.c_str(), __FILE__, __LINE__);
}

}  // namespace posthaste
