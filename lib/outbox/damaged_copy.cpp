#include "lib/outbox/damaged_copy.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/path_text.hpp"
#include "lib/outbox/migrations.hpp"

namespace posthaste {
namespace {

constexpr std::size_t large_piece = 1024 * 1024;
constexpr std::size_t small_piece = 4096;  // what a disk fails to read is lost in pieces of this size

start_failure cannot(const char* what, const std::string& path, const char* advice) {
    return {exit_code::write_failed,
            std::string("cannot ") + what + " " + printable_path(path) + ": " + std::strerror(errno) + advice};
}

bool write_whole(int to, const char* bytes, std::size_t size, off_t at) {
    while (size > 0) {
        const auto written = ::pwrite(to, bytes, size, at);
        if (written <= 0) {
            return false;
        }
        bytes += written;
        at += written;
        size -= static_cast<std::size_t>(written);
    }
    return true;
}

// Copies what can be read; the rest becomes zeros and is added to `unreadable`. A missing file stays missing.
result<void, start_failure> copy_file(const std::string& from, const std::string& to, std::uint64_t& unreadable) {
    const file_handle source{::open(from.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat facts{};
    if (!source && errno == ENOENT) {
        return {};
    }
    if (!source || ::fstat(source.get(), &facts) != 0) {
        return start_failure{exit_code::failed, "cannot read " + printable_path(from) + ": " + std::strerror(errno) +
                                                    "; run this as the user that posthaste runs as"};
    }
    const file_handle target{::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!target) {
        return cannot("make", to, "");
    }
    std::vector<char> piece(large_piece);
    std::size_t size = large_piece;
    for (off_t at = 0; at < facts.st_size;) {
        auto read = ::pread(source.get(), piece.data(), size, at);
        if (read < 0 && size > small_piece) {
            size = small_piece;
            continue;
        }
        if (read < 0) {
            read = static_cast<ssize_t>(std::min<off_t>(small_piece, facts.st_size - at));
            std::fill_n(piece.begin(), read, '\0');
            unreadable += static_cast<std::uint64_t>(read);
        } else if (read == 0) {
            break;  // shorter than it was said to be
        }
        if (!write_whole(target.get(), piece.data(), static_cast<std::size_t>(read), at)) {
            return cannot("copy to", to, "; a copy of the damaged outbox must have room beside the new one");
        }
        at += read;
        size = at % static_cast<off_t>(large_piece) == 0 ? large_piece : size;
    }
    return {};
}

}  // namespace

result<std::unique_ptr<damaged_copy>, start_failure> damaged_copy::make(const std::string& from,
                                                                        const working_folder& folder) {
    auto sound = first_page::make(folder);
    if (!sound) {
        return sound.error();
    }
    std::optional<start_failure> failure;  // of the whole, not of the part
    for (const auto log : {with_log::yes, with_log::no}) {
        std::unique_ptr<damaged_copy> made{new damaged_copy(*sound)};
        made->path_ = folder / "damaged.db";
        if (const auto copied = made->copy(from, log); !copied) {
            return copied.error();
        }
        const auto opened = made->open();
        if (opened) {
            return made;
        }
        failure = failure ? failure : made->unusable(from, opened.error());
    }
    return *failure;
}

result<void, start_failure> damaged_copy::copy(const std::string& from, with_log log) {
    const std::string log_path = path_ + "-wal";
    ::unlink(log_path.c_str());
    if (const auto copied = copy_file(from, path_, unreadable_bytes_); !copied) {
        return copied;
    }
    if (log == with_log::no) {
        log_ = log_use::unusable;
        return {};
    }
    const auto copied = copy_file(from + "-wal", log_path, unreadable_bytes_);
    log_ = copied ? usable_part_of_log(log_path) : log_use::absent;
    return copied;
}

// The first page has to be right for the log to be copied in; and then again, as the log may have held one, too.
sqlite_result damaged_copy::open() {
    if (is_foreign()) {
        return {};
    }
    for (int times = 0; times < 2; ++times) {
        if (auto opened = open_mended(); !opened) {
            return opened;
        }
        if (auto copied = copy_log_in(); !copied) {
            return copied;
        }
    }
    return {};
}

// Tables of its own, and none of ours.
bool damaged_copy::is_foreign() {
    return claims_to_be_foreign(path_) && open_tables() && !has_tables_of_ours();
}

bool damaged_copy::has_tables_of_ours() {
    const auto tables = database_.integer(
        "SELECT count(*) FROM sqlite_schema WHERE name IN ('events', 'dead', 'delivered', 'delivered_runs', "
        "'retries', 'meta')");
    return tables && *tables > 0;
}

bool damaged_copy::is_newer() {
    const auto found = read_outbox_version(database_);
    return found && found->kind == outbox_kind::newer && !sound_.has_its_tables(database_);
}

sqlite_result damaged_copy::open_mended() {
    database_.close();
    const auto head = sound_.mend_head(path_);
    if (!head) {
        return head.error();
    }
    first_page_damaged_ = first_page_damaged_ || *head == first_page::finding::damaged;
    if (open_tables() && sound_.describes(database_)) {
        return {};
    }
    first_page_damaged_ = true;
    database_.close();
    const auto replaced = sound_.replace(path_);
    return replaced ? open_tables() : replaced;
}

sqlite_result damaged_copy::open_tables() {
    database_.close();
    if (auto opened = database_.open(path_); !opened) {
        return opened;
    }
    if (auto tolerant = database_.tolerate_damage(); !tolerant) {
        return tolerant;
    }
    const auto tables = database_.integer("SELECT count(*) FROM sqlite_schema WHERE rootpage > 1");
    if (!tables) {
        return tables.error();
    }
    return *tables == 0 ? sqlite_result{sqlite_error::of(SQLITE_NOTADB)} : sqlite_result{};
}

sqlite_result damaged_copy::copy_log_in() {
    const auto pages = database_.integer("PRAGMA page_count");
    const auto page_size = database_.integer("PRAGMA page_size");
    for (const auto* read : {&pages, &page_size}) {
        if (!*read) {
            return read->error();
        }
    }
    stretch_to(*pages, *page_size);
    return database_.checkpoint(sqlite_checkpoint::truncate);
}

// SQLite copies no log into a file that is far shorter than the database it belongs to.
void damaged_copy::stretch_to(std::int64_t pages, std::int64_t page_size) const {
    std::error_code failed;
    const auto size = static_cast<std::uintmax_t>(pages) * static_cast<std::uintmax_t>(page_size);
    if (const auto there = std::filesystem::file_size(path_, failed); !failed && there < size) {
        std::filesystem::resize_file(path_, size, failed);  // a hole: it takes no room
    }
}

start_failure damaged_copy::unusable(const std::string& from, sqlite_error error) const {
    return {exit_code::failed,
            "the working copy of " + printable_path(from) + " cannot be used: " + database_.explain(error)};
}

}  // namespace posthaste
