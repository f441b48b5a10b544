#include "lib/outbox/first_page.hpp"

#include <algorithm>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "lib/outbox/migrations.hpp"

namespace posthaste {
namespace {

constexpr std::size_t page_size = 4096;
constexpr std::size_t head_size = 100;

struct field {
    std::size_t at;
    std::size_t size;
};
constexpr field magic{0, 16};
constexpr field page_count{28, 4};
constexpr field free_list{32, 8};
constexpr field encoding{56, 4};
constexpr field version{60, 4};
constexpr field application{68, 4};

// What is the same in every outbox of every version: the rest are counters, the version, and the last root page.
constexpr field constant_fields[] = {{0, 24}, {44, 8}, {56, 4}, {64, 28}};

std::string_view view(const std::string& bytes, field part) {
    return std::string_view(bytes).substr(part.at, part.size);
}

std::uint32_t number(const std::string& bytes, field part) {
    std::uint32_t value = 0;
    for (const char byte : view(bytes, part)) {
        value = value << 8 | static_cast<unsigned char>(byte);
    }
    return value;
}

void clear(std::string& bytes, field part) {
    bytes.replace(part.at, part.size, part.size, '\0');
}

// What the file does not have is zeros.
std::string read_start(const std::string& file, std::size_t size) {
    std::string bytes(size, '\0');
    const file_handle source{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (::pread(source.get(), bytes.data(), size, 0) < 0) {
        bytes.assign(size, '\0');
    }
    return bytes;
}

sqlite_result write_start(const std::string& file, const std::string& bytes) {
    const file_handle target{::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    const auto written = ::pwrite(target.get(), bytes.data(), bytes.size(), 0);
    return written == static_cast<ssize_t>(bytes.size()) ? sqlite_result{} : sqlite_error::of(SQLITE_IOERR_WRITE);
}

bool is_possible_version(std::uint32_t value) {
    return value > 0 && value < 256;  // more than there will ever be
}

// In one text, that two databases can be compared by; empty where it cannot be read.
std::string tables_in(sqlite_connection& database) {
    auto statement = database.prepare(
        "SELECT group_concat(type || ' ' || name || ' ' || rootpage || ' ' || ifnull(sql, ''), char(10)) FROM "
        "(SELECT * FROM sqlite_schema ORDER BY name)");
    if (!statement) {
        return {};
    }
    auto rows = statement->query();
    std::string text{rows.next() ? rows.bytes(0) : std::string_view{}};
    return text;
}

}  // namespace

// Made as each outbox is (outbox_open.cpp), but that nothing has to be on the disk.
result<first_page, start_failure> first_page::make(const working_folder& folder) {
    const std::string path = folder / "empty.db";
    if (const auto made = make_file(path); !made) {
        return made.error();
    }
    sqlite_connection database;
    auto done = database.open(path);
    done = done ? database.execute(
                      "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;"
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
                : done;
    done = done ? migrate(database, 0) : done;
    done = done ? database.checkpoint(sqlite_checkpoint::truncate) : done;
    if (!done) {
        return start_failure{exit_code::write_failed,
                             "the working file " + path + " cannot be written: " + database.explain(done.error())};
    }
    auto tables = tables_in(database);
    database.close();
    return first_page{read_start(path, page_size), std::move(tables)};
}

// With no count of pages SQLite goes by the size of the file, or of what the log says that it is.
result<first_page::finding, sqlite_error> first_page::mend_head(const std::string& file) const {
    const auto found = read_start(file, head_size);
    auto head = bytes_.substr(0, head_size);
    clear(head, page_count);
    clear(head, free_list);
    const auto differs = [&](field part) { return view(found, part) != view(head, part); };
    bool damaged = std::ranges::any_of(constant_fields, differs);
    if (!differs(application) && is_possible_version(number(found, version))) {
        head.replace(version.at, version.size, view(found, version));
    } else {
        damaged = true;
    }
    if (const auto written = write_start(file, head); !written) {
        return written.error();
    }
    return damaged ? finding::damaged : finding::sound;
}

sqlite_result first_page::replace(const std::string& file) const {
    auto page = bytes_;
    clear(page, page_count);
    clear(page, free_list);
    return write_start(file, page);
}

bool first_page::has_its_tables(sqlite_connection& database) const {
    return tables_in(database) == tables_;
}

bool first_page::describes(sqlite_connection& database) const {
    const auto found = database.integer("PRAGMA user_version");
    return (found && *found != outbox_schema_version()) || has_its_tables(database);
}

bool claims_to_be_foreign(const std::string& file) {
    const auto head = read_start(file, head_size);
    return view(head, magic) == std::string_view("SQLite format 3\0", 16) && number(head, encoding) <= 3 &&
           number(head, application) != outbox_application_id;
}

}  // namespace posthaste
