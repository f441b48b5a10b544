// Packed bodies: the input is one, and the text of another.

#include "lib/http/gunzip.hpp"

#include <zlib.h>

#include "lib/base/require.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace posthaste {
namespace {

constexpr std::uint64_t most_bytes = 64 * 1024;

struct outcome {
    gunzip::state state = gunzip::state::more;
    std::string text;

    friend bool operator==(const outcome&, const outcome&) = default;
};

outcome unpacked(std::string_view packed, std::uint64_t most, std::size_t step) {
    gunzip reader(packed, most);
    outcome found;
    while (found.state == gunzip::state::more) {
        const std::size_t had = reader.text().size();
        found.state = reader.unpack(step);
        REQUIRE(reader.text().size() <= had + step, "a step is no larger than it was told to be");
        REQUIRE(reader.text().size() <= most + 1, "one byte over the bound is enough");
    }
    found.text = reader.take();
    return found;
}

std::string packed(std::string_view text) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK,
            "zlib works");
    std::string result(deflateBound(&stream, text.size()) + 32, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib only reads it
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(result.data());
    stream.avail_out = static_cast<uInt>(result.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib packs");
    result.resize(stream.total_out);
    deflateEnd(&stream);
    return result;
}

void judge_whole(std::string_view bytes, const outcome& found) {
    const auto size = found.text.size();
    REQUIRE(unpacked(bytes, size, 1000) == found, "what fits exactly fits");
    if (size > 0)
        REQUIRE(unpacked(bytes, size - 1, 1000).state == gunzip::state::too_large,
                "a byte over the bound is too large");
    REQUIRE(unpacked(bytes.substr(0, bytes.size() - 1), most_bytes, 1000).state == gunzip::state::broken,
            "what is cut off is broken");
    REQUIRE(unpacked(std::string(bytes) + "x", most_bytes, 1000).state == gunzip::state::broken,
            "what is followed by more is broken");
}

}  // namespace

void try_input(std::string_view input) {
    const outcome at_once = unpacked(input, most_bytes, most_bytes + 1);
    const outcome in_steps = unpacked(input, most_bytes, 1 + input.size() % 61);
    REQUIRE(in_steps.state == at_once.state, "the step makes no difference");
    if (at_once.state == gunzip::state::whole) {
        REQUIRE(in_steps == at_once, "nor to what is unpacked");
        judge_whole(input, at_once);
    }
    const outcome own = unpacked(packed(input), input.size(), 1 + input.size() % 61);
    REQUIRE(own.state == gunzip::state::whole && own.text == input, "what was packed comes back");
}

}  // namespace posthaste
