#include "lib/outbox/sqlite.hpp"

#include <cstring>

#include "lib/base/require.hpp"
#include "lib/outbox/files.hpp"
#include "lib/outbox/log_vfs.hpp"

namespace posthaste {
namespace {

sqlite_result as_result(int code) noexcept {
    return code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW ? sqlite_result{}
                                                                          : sqlite_result{sqlite_error::of(code)};
}

// A null pointer would bind NULL: empty text is text all the same.
const char* never_null(std::string_view text) noexcept {
    return text.data() == nullptr ? "" : text.data();
}

// "immutable": SQLite makes neither a lock nor a shared-memory file, which might become another user's.
std::string immutable_uri(const std::string& path) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = byte > 0x20 && byte < 0x7F && c != '?' && c != '#' && c != '%';
        uri += plain ? std::string(1, c) : std::string{'%', digits[byte / 16], digits[byte % 16]};
    }
    return uri + "?immutable=1";
}

}  // namespace

bool sqlite_rows::next() noexcept {
    if (code_ == SQLITE_OK || code_ == SQLITE_ROW) {
        code_ = sqlite3_step(statement_);
    }
    return code_ == SQLITE_ROW;
}

sqlite_result sqlite_rows::end() const noexcept {
    return as_result(code_);
}

std::string_view sqlite_rows::bytes(int column) const noexcept {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return data == nullptr ? std::string_view{}
                           : std::string_view{data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<wall_time> sqlite_rows::optional_time(int column) const noexcept {
    return is_null(column) ? std::nullopt : std::optional{time(column)};
}

sqlite_result sqlite_statement::run_bound() noexcept {
    const int stepped = sqlite3_step(statement_);
    const int reset = sqlite3_reset(statement_);
    return as_result(stepped == SQLITE_DONE || stepped == SQLITE_ROW ? reset : stepped);
}

int sqlite_statement::bind(int index, std::string_view text) noexcept {
    return sqlite3_bind_text64(statement_, index, never_null(text), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

int sqlite_statement::bind(int index, sqlite_blob blob) noexcept {
    return sqlite3_bind_blob64(statement_, index, never_null(blob.bytes), blob.bytes.size(), SQLITE_STATIC);
}

int sqlite_statement::bind(int index, const uuid& id) noexcept {
    return sqlite3_bind_blob64(statement_, index, id.bytes.data(), id.bytes.size(), SQLITE_STATIC);
}

sqlite_result sqlite_connection::open(const std::string& path) noexcept {
    if (auto opened = open_file(path.c_str(), SQLITE_OPEN_READWRITE, log_vfs()); !opened) {
        return opened;
    }
    sqlite3_wal_hook(handle_, &note_wal_pages, this);  // replaces SQLite's own automatic checkpoint
    return {};
}

void sqlite_connection::on_cut(cut_hook& hook) noexcept {
    sqlite3_file_control(handle_, "main", set_cut_hook, &hook);
}

sqlite_result sqlite_connection::open_at_rest(const std::string& path) {
    if (is_empty(path + "-wal")) {
        return open_file(immutable_uri(path).c_str(), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
    }
    // An immutable file has no log. Of one that nobody else has, the log's index stands in memory; and it is taken for
    // that without a lock.
    const auto opened = open_file(path.c_str(), SQLITE_OPEN_READONLY, "unix-none");
    return opened ? execute("PRAGMA locking_mode = EXCLUSIVE") : opened;
}

sqlite_result sqlite_connection::open_file(const char* name, int flags, const char* vfs) noexcept {
    // Nobody asks SQLite how much memory it uses; counting it takes a lock for every allocation. Only the first call of
    // a process can have an effect.
    [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (const int code = sqlite3_open_v2(name, &handle_, flags, vfs); code != SQLITE_OK) {
        close();
        return sqlite_error::of(code);
    }
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    return {};
}

sqlite_result sqlite_connection::tolerate_damage() noexcept {
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);  // it forbids the first of these
    return execute("PRAGMA writable_schema = ON; PRAGMA cell_size_check = OFF; PRAGMA locking_mode = EXCLUSIVE");
}

void sqlite_connection::close() noexcept {
    if (handle_ != nullptr) {
        REQUIRE(sqlite3_close(handle_) == SQLITE_OK, "a statement outlived its connection");
        handle_ = nullptr;
    }
}

sqlite_result sqlite_connection::execute(const char* sql) noexcept {
    return as_result(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr));
}

result<std::int64_t, sqlite_error> sqlite_connection::integer(const char* sql) noexcept {
    auto statement = prepare(sql);
    if (!statement) {
        return statement.error();
    }
    auto rows = statement->query();
    const std::int64_t value = rows.next() ? rows.integer(0) : 0;
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return value;
}

result<sqlite_statement, sqlite_error> sqlite_connection::prepare(const char* sql) noexcept {
    sqlite3_stmt* statement = nullptr;
    const int size = static_cast<int>(std::strlen(sql)) + 1;
    if (const int code = sqlite3_prepare_v3(handle_, sql, size, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
        code != SQLITE_OK) {
        return sqlite_error::of(code);
    }
    return sqlite_statement{statement};
}

sqlite_result sqlite_connection::prepare(sqlite_statement& into, const char* sql) noexcept {
    auto statement = prepare(sql);
    if (!statement) {
        return statement.error();
    }
    into = std::move(*statement);
    return {};
}

sqlite_result sqlite_connection::add_module(const char* name, const sqlite3_module& functions, void* source) noexcept {
    return as_result(sqlite3_create_module_v2(handle_, name, &functions, source, nullptr));
}

sqlite_result sqlite_connection::add_function(const char* name, sql_function function, void* source) noexcept {
    return as_result(sqlite3_create_function_v2(handle_, name, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, source, function,
                                                nullptr, nullptr, nullptr));
}

std::uint64_t sqlite_connection::changes() const noexcept {
    return static_cast<std::uint64_t>(sqlite3_changes64(handle_));
}

sqlite_result sqlite_connection::checkpoint(sqlite_checkpoint mode) noexcept {
    const int code = sqlite3_wal_checkpoint_v2(handle_, "main", static_cast<int>(mode), nullptr, nullptr);
    if (code == SQLITE_OK) {
        wal_pages_ = 0;  // nobody else reads: everything was copied, the next commit starts over at the front
    }
    return as_result(code);
}

std::string sqlite_connection::explain(sqlite_error error) const {
    std::string text = sqlite3_errstr(error.code());
    text += " (SQLite " + std::to_string(error.code());
    const bool has_reason = error.primary() == SQLITE_IOERR || error.primary() == SQLITE_CANTOPEN;
    if (const int reason = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_); has_reason && reason != 0) {
        text += std::string("; ") + std::strerror(reason);
    }
    return text + ")";
}

int sqlite_connection::note_wal_pages(void* self, sqlite3* /*handle*/, const char* /*database*/, int pages) noexcept {
    static_cast<sqlite_connection*>(self)->wal_pages_ = pages;
    return SQLITE_OK;
}

}  // namespace posthaste
