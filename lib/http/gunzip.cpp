#include "lib/http/gunzip.hpp"

#include <algorithm>
#include <limits>

#include <zlib.h>

#include "lib/base/require.hpp"

namespace posthaste {
namespace {

constexpr int gzip_only = 16 + MAX_WBITS;

}  // namespace

gunzip::gunzip(std::string_view packed, std::uint64_t most_bytes)
    : stream_(std::make_unique<z_stream_s>()), most_(most_bytes) {
    REQUIRE(packed.size() <= std::numeric_limits<uInt>::max(), "a body is smaller than 4 GiB");
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // zlib only reads it
    stream_->avail_in = static_cast<uInt>(packed.size());
    REQUIRE(inflateInit2(stream_.get(), gzip_only) == Z_OK, "there is memory for 64 KiB");
}

gunzip::~gunzip() {
    inflateEnd(stream_.get());
}

gunzip::state gunzip::unpack(std::size_t bytes) {
    if (state_ != state::more) return state_;
    const std::size_t had = text_.size();
    const std::size_t room = std::min<std::size_t>(bytes, most_ + 1 - had);  // one more tells that it is too large
    text_.resize(had + room);
    stream_->next_out = reinterpret_cast<Bytef*>(text_.data() + had);
    stream_->avail_out = static_cast<uInt>(room);
    const int done = inflate_members();
    text_.resize(had + room - stream_->avail_out);
    if (text_.size() > most_)
        state_ = state::too_large;
    else if (done == Z_STREAM_END)
        state_ = state::whole;
    else if (done != Z_OK || text_.size() == had)
        state_ = state::broken;  // no gzip, or cut off
    return state_;
}

// As inflate(), over the ends of members behind which there is more.
int gunzip::inflate_members() {
    int done = inflate(stream_.get(), Z_NO_FLUSH);
    while (done == Z_STREAM_END && stream_->avail_in > 0) {
        inflateReset(stream_.get());
        done = stream_->avail_out > 0 ? inflate(stream_.get(), Z_NO_FLUSH) : Z_OK;
    }
    return done;
}

}  // namespace posthaste
