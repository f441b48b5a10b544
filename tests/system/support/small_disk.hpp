// A small file system of a test's own that can be filled to the last byte.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tests/system/support/mounts.hpp"
#include "tests/system/support/temp_folder.hpp"

namespace posthaste {

class small_disk {
  public:
    enum class kind { tmpfs, ext4 };

    small_disk(kind which, std::size_t bytes);

    // Why this machine cannot have such a disk; empty: it has.
    [[nodiscard]] std::string trouble() const { return trouble_; }
    [[nodiscard]] std::string folder() const { return folder_ / "mounted"; }

    // What is free for anyone but root's reserve, of which there is none here.
    [[nodiscard]] std::uint64_t free_bytes() const;
    // Grows a file by whatever is free but `left`.
    void fill(std::uint64_t left) const;
    // Takes that file away.
    void empty() const;

  private:
    temp_folder folder_;
    std::string trouble_;
    std::unique_ptr<mounted> mount_;
};

}  // namespace posthaste
