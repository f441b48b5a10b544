// Where the rows of a table stand in a database file that is partly destroyed: its leaf pages in the order of the row
// ids, read past SQLite, which gives up at the first page that it cannot understand.
//
// Follows the table's own tree from its root (https://www.sqlite.org/fileformat.html, "B-tree Pages"); the write-ahead
// log must have been copied into the file. Nothing that is read is trusted: each page is visited once, and what cannot
// be right is passed over. A page that cannot be read counts as empty. One thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/outbox/files.hpp"

namespace posthaste {

// A page that holds rows, or should: first ≤ id ≤ last, as the pages above it say.
struct table_leaf {
    std::uint32_t page = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
};

class table_tree {
  public:
    table_tree(const std::string& file, std::uint32_t page_size);

    // Ascending. A page of the inner tree that is destroyed stands for all the leaves below it.
    [[nodiscard]] std::vector<table_leaf> leaves(std::uint32_t root);
    // The ids of the rows that the page says it holds, ascending; empty optional: it is no leaf any more.
    [[nodiscard]] std::optional<std::vector<std::int64_t>> rows_of(const table_leaf& leaf);

  private:
    // The bytes of one page and how they are understood.
    struct page_view {
        std::vector<unsigned char> bytes;

        [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t size) const;
        // Past the varint; empty when it reaches over the page's end.
        [[nodiscard]] std::optional<std::int64_t> varint(std::size_t& at) const;
        [[nodiscard]] std::size_t cells() const { return number(3, 2); }
        [[nodiscard]] unsigned char kind() const { return bytes.front(); }
    };

    [[nodiscard]] page_view read(std::uint32_t page) const;
    void visit(const table_leaf& range, int depth, std::vector<table_leaf>& found);
    [[nodiscard]] std::vector<table_leaf> children(const page_view& page, const table_leaf& range) const;

    file_handle file_;
    std::uint32_t page_size_;
    std::uint32_t pages_ = 0;
    std::vector<bool> visited_;
};

}  // namespace posthaste
