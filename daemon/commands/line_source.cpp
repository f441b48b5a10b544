#include "daemon/commands/line_source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/commands/interruption.hpp"
#include "lib/base/path_text.hpp"

namespace posthaste {

namespace {

constexpr std::size_t piece_bytes = 256 * 1024;
constexpr int look_up_every_ms = 100;  // so that Ctrl-C is heard soon while nothing comes

// False: a person wants no more.
bool wait_for_bytes(int descriptor) {
    pollfd watched{descriptor, POLLIN, 0};
    while (!interruption::seen())
        if (::poll(&watched, 1, look_up_every_ms) != 0 && watched.revents != 0) return true;
    return false;
}

}  // namespace

line_source::line_source(file_handle file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

result<line_source, start_failure> line_source::open(const std::string& path) {
    if (path == "-") return line_source(file_handle(), "standard input");
    const auto refused = [&](int why) {
        return start_failure{exit_code::usage, printable_path(path) + " cannot be read: " + std::strerror(why)};
    };
    file_handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return refused(errno);
    struct stat facts{};
    if (::fstat(file.get(), &facts) != 0) return refused(errno);
    if (S_ISDIR(facts.st_mode)) return refused(EISDIR);
    return line_source(std::move(file), printable_path(path));
}

std::optional<std::string_view> line_source::next() {
    if (!trouble_.empty()) return std::nullopt;
    for (;;) {
        if (const auto end = buffer_.find('\n', searched_); end != std::string::npos) return take(end, end + 1);
        searched_ = buffer_.size();
        if (ended_) break;
        if (buffer_.size() - from_ > longest_line) {
            trouble_ = place(number_ + 1) + ": the line is longer than 64 MiB";
            return std::nullopt;
        }
        if (!read_more()) return std::nullopt;
    }
    if (from_ == buffer_.size()) return std::nullopt;
    return take(buffer_.size(), buffer_.size());  // the last line, which has no end
}

std::uint64_t line_source::count_ahead() const {
    struct stat facts{};
    if (::fstat(descriptor(), &facts) != 0 || !S_ISREG(facts.st_mode)) return 0;
    auto at = ::lseek(descriptor(), 0, SEEK_CUR);
    std::uint64_t count = static_cast<std::uint64_t>(std::count(buffer_.begin(), buffer_.end(), '\n'));
    char last = '\n';
    std::array<char, piece_bytes> piece;
    while (at >= 0 && !interruption::seen()) {
        const auto got = ::pread(descriptor(), piece.data(), piece.size(), at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        at += got;
        count += static_cast<std::uint64_t>(std::count(piece.begin(), piece.begin() + got, '\n'));
        last = piece[static_cast<std::size_t>(got) - 1];
    }
    return last == '\n' ? count : count + 1;
}

int line_source::descriptor() const noexcept {
    return file_ ? file_.get() : STDIN_FILENO;
}

// False: it cannot, or a person wants no more.
bool line_source::read_more() {
    searched_ -= from_;
    buffer_.erase(0, std::exchange(from_, 0));
    const std::size_t had = buffer_.size();
    for (;;) {
        if (!wait_for_bytes(descriptor())) return false;
        buffer_.resize(had + piece_bytes);
        const auto got = ::read(descriptor(), buffer_.data() + had, piece_bytes);
        const int why = errno;
        buffer_.resize(had + (got > 0 ? static_cast<std::size_t>(got) : 0));
        if (got < 0 && (why == EINTR || why == EAGAIN)) continue;
        if (got < 0) trouble_ = name_ + " could not be read to its end: " + std::strerror(why);
        ended_ = got == 0;
        if (number_ == 0 && had == 0 && buffer_.starts_with("\x1f\x8b"))
            trouble_ = name_ + " is packed by gzip: unpack it with zcat, and name - for what comes out of that";
        return trouble_.empty();
    }
}

std::string_view line_source::take(std::size_t end, std::size_t behind) {
    const std::string_view line = std::string_view(buffer_).substr(from_, end - from_);
    from_ = searched_ = behind;
    ++number_;
    return line;
}

}  // namespace posthaste
