// The lines of a file or of standard input, for commands that send them on: of any number, one at a time.
//
// Blocking, on the caller's thread; ends early when a person wants no more (interruption.hpp), even while nothing
// comes. Memory: the longest line, 64 MiB at most.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.hpp"
#include "lib/outbox/files.hpp"

namespace posthaste {

class line_source {
  public:
    // An exported event of 32 MiB that is nothing but what has to be escaped.
    static constexpr std::size_t longest_line = 64 * 1024 * 1024 + 2 * 1024;

    // "-" is standard input. The error says why a file cannot be read.
    [[nodiscard]] static result<line_source, start_failure> open(const std::string& path);

    // The next line without its end, valid until the next call; empty when there is none, or see trouble().
    [[nodiscard]] std::optional<std::string_view> next();
    // Of the line that was given last, from 1 on.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
    // What kept the lines from being read to their end, with the place; empty: nothing.
    [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

    // How many lines are still to come, found by reading them ahead; 0 where they are not a file's.
    [[nodiscard]] std::uint64_t count_ahead() const;
    // For messages.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    // "FILE:LINE".
    [[nodiscard]] std::string place(std::uint64_t line) const { return name_ + ":" + std::to_string(line); }

  private:
    explicit line_source(file_handle file, std::string name);

    [[nodiscard]] int descriptor() const noexcept;
    [[nodiscard]] bool read_more();
    [[nodiscard]] std::string_view take(std::size_t end, std::size_t behind);

    file_handle file_;  // none: standard input
    std::string name_;
    std::string buffer_;
    std::size_t from_ = 0;      // where in the buffer the next line begins
    std::size_t searched_ = 0;  // up to where no end of it was found
    bool ended_ = false;
    std::uint64_t number_ = 0;
    std::string trouble_;
};

}  // namespace posthaste
