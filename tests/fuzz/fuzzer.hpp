// What each fuzzer is: something to do with any bytes, and what must hold afterwards.
//
// libFuzzer calls it again and again with bytes that it makes up. REQUIRE (lib/base/require.hpp) tells what does not
// hold; reading beyond the input is found, as nothing readable stands behind it.

#pragma once

#include <string_view>

namespace posthaste {

// Defined once in each program.
void try_input(std::string_view input);

}  // namespace posthaste
