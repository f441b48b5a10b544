// A folder of its own for one test, gone with everything in it at the end.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace posthaste {

class temp_folder {
  public:
    temp_folder();
    ~temp_folder();

    temp_folder(const temp_folder&) = delete;
    temp_folder& operator=(const temp_folder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    // The full path of an entry, as text.
    [[nodiscard]] std::string operator/(std::string_view name) const { return (path_ / name).string(); }
    // Writes a file (mode 0600: the daemon refuses secrets that all can read) and gives its full path.
    std::string write(std::string_view name, std::string_view content) const;

  private:
    std::filesystem::path path_;
};

// The whole file; empty when there is none.
[[nodiscard]] std::string read_whole_file(const std::string& path);

}  // namespace posthaste
