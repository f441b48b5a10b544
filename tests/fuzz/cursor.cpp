// A cursor that is read is the one that is written. The input is a cursor, and its first bytes a number.

#include "lib/http/cursor.hpp"

#include "lib/base/require.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace posthaste {

void try_input(std::string_view input) {
    if (const auto last = parse_cursor(input)) {
        REQUIRE(*last <= max_sequence, "a cursor stands for an event's number");
        REQUIRE(to_cursor(*last) == input, "only what was given out is taken");
    }
    sequence number = 0;
    input.copy(reinterpret_cast<char*>(&number), sizeof number);
    number &= max_sequence;
    REQUIRE(parse_cursor(to_cursor(number)) == number, "a cursor leads back to its number");
}

}  // namespace posthaste
