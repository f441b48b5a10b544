#include "lib/config/file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/quantity.hpp"

namespace posthaste {

namespace {

file_failure failure_of(int error) {
    return {error, std::generic_category().message(error)};
}

class descriptor {
  public:
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    [[nodiscard]] int get() const noexcept { return fd_; }

  private:
    int fd_;
};

// A pipe that has a name may have nobody who writes to it, and whoever reads would wait for ever. One that the caller
// was handed, as /dev/stdin or by a shell's <(…), has its writer.
bool may_never_end(const std::string& path, mode_t mode) {
    return S_ISFIFO(mode) && !path.starts_with("/dev/") && !path.starts_with("/proc/");
}

}  // namespace

result<file_content, file_failure> read_whole_file(const std::string& path, std::size_t most_bytes) {
    const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (file.get() < 0) return failure_of(errno);
    struct stat facts{};
    if (::fstat(file.get(), &facts) != 0) return failure_of(errno);
    if (may_never_end(path, facts.st_mode)) return file_failure{EINVAL, "is no regular file"};
    // That was for opening only.
    if (::fcntl(file.get(), F_SETFL, 0) != 0) return failure_of(errno);

    file_content content{"", facts.st_mode & 07777};
    char buffer[16 * 1024];
    for (;;) {
        const auto size = ::read(file.get(), buffer, sizeof buffer);
        if (size == 0) return content;
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return failure_of(errno);
        content.text.append(buffer, static_cast<std::size_t>(size));
        if (content.text.size() > most_bytes) return file_failure{EFBIG, "is larger than " + size_text(most_bytes)};
    }
}

}  // namespace posthaste
