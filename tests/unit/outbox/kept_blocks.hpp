// An outbox whose file system can keep blocks for a file beyond its end, or the test is skipped.

#pragma once

#include <cstdint>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "lib/outbox/files.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {

inline std::uint64_t taken_by(const std::string& file) {
    struct stat found{};
    return ::stat(file.c_str(), &found) == 0 ? std::uint64_t{512} * static_cast<std::uint64_t>(found.st_blocks) : 0;
}

class kept_blocks : public testing::Test {
  protected:
    void SetUp() override {
        const file_handle file{::open((t.folder / "probe").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
        if (::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, 4096) != 0) {
            GTEST_SKIP() << "NOT TESTED that room is kept: the file system of " << t.folder / "" << " cannot";
        }
    }

    temporary_outbox t;
};

}  // namespace posthaste
