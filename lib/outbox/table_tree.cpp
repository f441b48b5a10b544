#include "lib/outbox/table_tree.hpp"

#include <algorithm>
#include <limits>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace posthaste {
namespace {

constexpr unsigned char inner_kind = 5;
constexpr unsigned char leaf_kind = 13;
constexpr std::size_t inner_head = 12;
constexpr std::size_t leaf_head = 8;
constexpr int deepest = 20;  // as in SQLite: no tree of 2^32 pages is deeper

}  // namespace

std::uint32_t table_tree::page_view::number(std::size_t at, std::size_t size) const {
    std::uint32_t value = 0;
    for (std::size_t end = std::min(at + size, bytes.size()); at < end; ++at) {
        value = value << 8 | bytes[at];
    }
    return value;
}

// Seven bits a byte, the high bit says that more follow; all eight of the ninth.
std::optional<std::int64_t> table_tree::page_view::varint(std::size_t& at) const {
    std::uint64_t value = 0;
    for (int n = 1; at < bytes.size(); ++n) {
        const std::uint64_t byte = bytes[at++];
        if (n == 9) {
            return static_cast<std::int64_t>(value << 8 | byte);
        }
        value = value << 7 | (byte & 0x7f);
        if (byte < 0x80) {
            return static_cast<std::int64_t>(value);
        }
    }
    return std::nullopt;
}

table_tree::table_tree(const std::string& file, std::uint32_t page_size)
    : file_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)), page_size_(page_size) {
    struct stat facts{};
    if (file_ && ::fstat(file_.get(), &facts) == 0) {
        pages_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(
            static_cast<std::uint64_t>(facts.st_size) / page_size_, std::numeric_limits<std::uint32_t>::max() - 1));
    }
}

table_tree::page_view table_tree::read(std::uint32_t page) const {
    page_view view{std::vector<unsigned char>(page_size_)};
    const auto at = static_cast<off_t>(page_size_) * (page - 1);
    if (::pread(file_.get(), view.bytes.data(), page_size_, at) != static_cast<ssize_t>(page_size_)) {
        view.bytes.assign(page_size_, 0);
    }
    return view;
}

std::vector<table_leaf> table_tree::leaves(std::uint32_t root) {
    std::vector<table_leaf> found;
    visited_.assign(pages_ + std::size_t{1}, false);
    visit({root, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}, 1, found);
    return found;
}

void table_tree::visit(const table_leaf& range, int depth, std::vector<table_leaf>& found) {
    if (range.page > 1 && range.page <= pages_ && !visited_[range.page]) {
        visited_[range.page] = true;
        const page_view page = read(range.page);
        if (page.kind() == inner_kind && depth < deepest) {
            for (const auto& child : children(page, range)) {
                visit(child, depth + 1, found);
            }
            return;
        }
    }
    found.push_back(range);
}

// A cell is the page of the rows up to a key, and the key; the head names the page of those above the last key. The
// rows of a cell that cannot be right are looked for on the next page.
std::vector<table_leaf> table_tree::children(const page_view& page, const table_leaf& range) const {
    std::vector<table_leaf> found;
    std::int64_t first = range.first;
    for (std::size_t cell = 0; cell < std::min<std::size_t>(page.cells(), page_size_ / 2); ++cell) {
        std::size_t at = page.number(inner_head + 2 * cell, 2);
        const std::uint32_t child = page.number(at, 4);
        at += 4;
        const auto key = page.varint(at);
        if (key && *key >= first && *key < range.last) {
            found.push_back({child, first, *key});
            first = *key + 1;
        }
    }
    found.push_back({page.number(8, 4), first, range.last});
    return found;
}

// A cell is the size of its row, the row's id, and the row.
std::optional<std::vector<std::int64_t>> table_tree::rows_of(const table_leaf& leaf) {
    if (leaf.page < 2 || leaf.page > pages_) {
        return std::nullopt;
    }
    const page_view page = read(leaf.page);
    if (page.kind() != leaf_kind) {
        return std::nullopt;
    }
    std::vector<std::int64_t> ids;
    for (std::size_t cell = 0; cell < std::min<std::size_t>(page.cells(), page_size_ / 2); ++cell) {
        std::size_t at = page.number(leaf_head + 2 * cell, 2);
        const auto size = page.varint(at);
        const auto id = size ? page.varint(at) : std::nullopt;
        if (id && *id >= leaf.first && *id <= leaf.last) {
            ids.push_back(*id);
        }
    }
    std::ranges::sort(ids);
    const auto repeated = std::ranges::unique(ids);
    ids.erase(repeated.begin(), repeated.end());
    return ids;
}

}  // namespace posthaste
