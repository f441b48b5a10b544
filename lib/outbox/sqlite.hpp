// SQLite as values and RAII: a connection, statements that are prepared once, and the rows of a query.
//
// Nothing throws; each failure is a sqlite_error with the extended result code, and says so where it is received. A
// connection and all that came from it belong to one thread (SQLITE_OPEN_NOMUTEX). Bound text and blobs are not copied:
// they must live until run() returns or the rows are gone. Views into a row live until next() or the rows' end.

#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "lib/base/result.hpp"
#include "lib/base/time.hpp"
#include "lib/base/uuid.hpp"

namespace posthaste {

struct cut_hook;

// Not to be made from a number by accident: a result<number, sqlite_error> must know which of the two it is given.
class sqlite_error {
  public:
    sqlite_error() noexcept = default;
    [[nodiscard]] static sqlite_error of(int code) noexcept { return sqlite_error{tag{}, code}; }

    [[nodiscard]] int code() const noexcept { return code_; }  // extended, e.g. SQLITE_IOERR_FSYNC
    [[nodiscard]] int primary() const noexcept { return code_ & 0xff; }
    // No room left to write: a state of the disk, not a fault.
    [[nodiscard]] bool is_full() const noexcept { return primary() == SQLITE_FULL; }
    // What the file holds is not what was written to it. Our statements never change: where the tables do not bear them
    // any more (no such column, not that type, there already), it is the file that did.
    [[nodiscard]] bool is_damage() const noexcept {
        const int kind = primary();
        return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_ERROR || kind == SQLITE_CONSTRAINT ||
               kind == SQLITE_MISMATCH;
    }
    [[nodiscard]] bool is_busy() const noexcept { return primary() == SQLITE_BUSY || primary() == SQLITE_LOCKED; }

  private:
    struct tag {};
    sqlite_error(tag, int code) noexcept : code_(code) {}

    int code_ = SQLITE_ERROR;
};

using sqlite_result = result<void, sqlite_error>;

// Bytes to bind as a BLOB (a string_view is bound as TEXT).
struct sqlite_blob {
    std::string_view bytes;
};

// The rows of one run of a statement, which starts over when this goes.
class sqlite_rows {
  public:
    sqlite_rows(sqlite3_stmt* statement, int bound) noexcept : statement_(statement), code_(bound) {}
    ~sqlite_rows() { sqlite3_reset(statement_); }

    sqlite_rows(const sqlite_rows&) = delete;
    sqlite_rows& operator=(const sqlite_rows&) = delete;

    // True: there is a row to read. False: the end, or a failure; ask end().
    [[nodiscard]] bool next() noexcept;
    [[nodiscard]] sqlite_result end() const noexcept;

    [[nodiscard]] int type(int column) const noexcept { return sqlite3_column_type(statement_, column); }
    [[nodiscard]] bool is_null(int column) const noexcept { return type(column) == SQLITE_NULL; }
    [[nodiscard]] std::int64_t integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }
    // The bytes of TEXT or a BLOB.
    [[nodiscard]] std::string_view bytes(int column) const noexcept;

    [[nodiscard]] wall_time time(int column) const noexcept { return wall_time{milliseconds{integer(column)}}; }
    [[nodiscard]] std::optional<wall_time> optional_time(int column) const noexcept;

  private:
    sqlite3_stmt* statement_;
    int code_;
};

class sqlite_statement {
  public:
    sqlite_statement() noexcept = default;
    explicit sqlite_statement(sqlite3_stmt* statement) noexcept : statement_(statement) {}
    ~sqlite_statement() { sqlite3_finalize(statement_); }

    sqlite_statement(sqlite_statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    sqlite_statement& operator=(sqlite_statement&& other) noexcept {
        std::swap(statement_, other.statement_);
        return *this;
    }

    // Binds the values in order, runs to the end and starts over. For statements that give no rows.
    template <class... Values>
    [[nodiscard]] sqlite_result run(const Values&... values) noexcept {
        const int bound = bind_all(values...);
        return bound == SQLITE_OK ? run_bound() : sqlite_result{sqlite_error::of(bound)};
    }

    template <class... Values>
    [[nodiscard]] sqlite_rows query(const Values&... values) noexcept {
        return {statement_, bind_all(values...)};
    }

  private:
    [[nodiscard]] sqlite_result run_bound() noexcept;

    template <class... Values>
    [[nodiscard]] int bind_all(const Values&... values) noexcept {
        int index = 0;
        int code = SQLITE_OK;
        ((code = code == SQLITE_OK ? bind(++index, values) : code), ...);
        return code;
    }

    [[nodiscard]] int bind(int index, std::integral auto value) noexcept {
        return sqlite3_bind_int64(statement_, index, static_cast<std::int64_t>(value));
    }
    [[nodiscard]] int bind(int index, std::string_view text) noexcept;
    [[nodiscard]] int bind(int index, sqlite_blob blob) noexcept;
    [[nodiscard]] int bind(int index, const uuid& id) noexcept;
    [[nodiscard]] int bind(int index, wall_time time) noexcept { return bind(index, time.time_since_epoch().count()); }
    template <class Value>
    [[nodiscard]] int bind(int index, const std::optional<Value>& value) noexcept {
        return value ? bind(index, *value) : sqlite3_bind_null(statement_, index);
    }

    sqlite3_stmt* statement_ = nullptr;
};

enum class sqlite_checkpoint : int {
    passive = SQLITE_CHECKPOINT_PASSIVE,
    truncate = SQLITE_CHECKPOINT_TRUNCATE,
};

class sqlite_connection {
  public:
    sqlite_connection() noexcept = default;
    ~sqlite_connection() { close(); }

    sqlite_connection(const sqlite_connection&) = delete;
    sqlite_connection& operator=(const sqlite_connection&) = delete;

    // Opens an existing file for reading and writing. Closing it never runs a checkpoint, and SQLite never runs one by
    // itself: wal_pages() tells when one is due.
    [[nodiscard]] sqlite_result open(const std::string& path) noexcept;
    // Opens it for reading alone, as it is at rest: no file is made, locked or changed. What a write-ahead log holds is
    // read as well. Whoever writes to it meanwhile makes it look damaged.
    [[nodiscard]] sqlite_result open_at_rest(const std::string& path);
    // Right after open(): see log_vfs.hpp.
    void on_cut(cut_hook& hook) noexcept;
    // For a private copy of a damaged file, right after open(): of the schema and the file's end is used what is there
    // and can be understood, and nobody else is let in. For reading; what is written then may be damaged further.
    [[nodiscard]] sqlite_result tolerate_damage() noexcept;
    // Every statement must be gone before.
    void close() noexcept;

    // One or more statements that take no values; their rows are ignored.
    [[nodiscard]] sqlite_result execute(const char* sql) noexcept;
    // The first column of the first row, 0 where there is none.
    [[nodiscard]] result<std::int64_t, sqlite_error> integer(const char* sql) noexcept;
    [[nodiscard]] result<sqlite_statement, sqlite_error> prepare(const char* sql) noexcept;
    [[nodiscard]] sqlite_result prepare(sqlite_statement& into, const char* sql) noexcept;

    // A virtual table; `source` is what its functions are given, and must outlive every statement.
    [[nodiscard]] sqlite_result add_module(const char* name, const sqlite3_module& functions, void* source) noexcept;

    // An SQL function of any number of values, which is not to be used in the schema; `source` as above. What it
    // returns depends on more than its values.
    using sql_function = void (*)(sqlite3_context*, int, sqlite3_value**) noexcept;
    [[nodiscard]] sqlite_result add_function(const char* name, sql_function function, void* source) noexcept;

    [[nodiscard]] std::uint64_t changes() const noexcept;  // rows, of the latest statement that changed any
    [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }
    [[nodiscard]] int wal_pages() const noexcept { return wal_pages_; }  // as of the latest commit or checkpoint
    [[nodiscard]] sqlite_result checkpoint(sqlite_checkpoint mode) noexcept;

    // With the system's reason, where there is one: "disk I/O error (SQLite 1034; Input/output error)".
    [[nodiscard]] std::string explain(sqlite_error error) const;

  private:
    [[nodiscard]] sqlite_result open_file(const char* name, int flags, const char* vfs) noexcept;
    static int note_wal_pages(void* self, sqlite3* handle, const char* database, int pages) noexcept;

    sqlite3* handle_ = nullptr;
    int wal_pages_ = 0;
};

}  // namespace posthaste
