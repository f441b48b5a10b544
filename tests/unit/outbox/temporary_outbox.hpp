// An outbox in a folder of its own that goes with the test, and what tests do with it.

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sqlite3.h>
#include <stdlib.h>

#include "lib/outbox/batch.hpp"
#include "lib/outbox/outbox.hpp"

namespace posthaste {

// What result<…>::value() throws in a test.
[[noreturn]] inline void throw_exception_from_error(sqlite_error error, const boost::source_location& /*where*/) {
    throw std::runtime_error(sqlite3_errstr(error.code()));
}

class temporary_folder {
  public:
    temporary_folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "posthaste-outbox-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("cannot make " + pattern);
        }
        path_ = pattern;
    }
    ~temporary_folder() { std::filesystem::remove_all(path_); }

    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

inline event ticket(const std::string& user = "1", const std::string& body = R"({"event": "Ticket Created"})") {
    return {.name = "Ticket Created",
            .user_id = user,
            .path = "/run/event",
            .api_version = "2025-09",
            .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            .tracestate = "",
            .body = body};
}

inline settlement delivered(sequence number, wall_time at, std::uint32_t attempts = 1) {
    settlement what;
    what.number = number;
    what.at = at;
    what.status = 200;
    what.attempts = attempts;
    return what;
}

inline settlement failed(sequence number, wall_time at, std::uint32_t attempts = 1) {
    settlement what;
    what.what = settlement::kind::failed;
    what.number = number;
    what.at = at;
    what.history = {.attempts = attempts,
                    .conflicts_in_a_row = 2,
                    .next_at = at + seconds{3},
                    .first_failed_at = at - seconds{5},
                    .last_error = attempt_error{.at = at, .status = 503, .message = "try later"}};
    return what;
}

inline settlement dead(sequence number, wall_time at, death_reason reason = death_reason::rejected) {
    settlement what = failed(number, at);
    what.what = settlement::kind::dead;
    what.reason = reason;
    return what;
}

// SQL on the file, past the outbox, which must be closed.
inline void alter(const std::string& path, const std::string& sql) {
    sqlite3* database = nullptr;
    char* message = nullptr;
    if (sqlite3_open(path.c_str(), &database) != SQLITE_OK ||
        sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message) != SQLITE_OK) {
        throw std::runtime_error(message != nullptr ? message : "cannot open the database");
    }
    sqlite3_close(database);
}

struct temporary_outbox {
    temporary_folder folder;
    queue_settings queue;
    wall_time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};
    std::uint64_t randomness = 1;
    std::function<std::uint64_t()> random = [this] { return randomness = randomness * 6364136223846793005U + 1; };
    std::unique_ptr<outbox> box;

    temporary_outbox() {
        queue.path = folder / "outbox.db";
        queue.durability = durability::process;
        queue.disk_reserve = 0;
        open();
    }

    void open() {
        auto opened = outbox::open(queue, now);
        if (!opened) {
            throw std::runtime_error(opened.error().message);
        }
        box = std::move(*opened);
    }

    void reopen() {
        box.reset();
        open();
    }

    batch_outcome commit(batch& work) {
        auto outcome = commit_batch(*box, work, {.now = now, .random = random});
        if (!outcome) {
            throw std::runtime_error(box->explain(outcome.error()));
        }
        return std::move(*outcome);
    }

    // Appends and commits; gives the events as they were stored, the refused ones left out.
    std::vector<pending_event> append(std::vector<event> events) {
        batch work;
        for (auto& one : events) {
            work.appends.emplace_back().what = std::move(one);
        }
        const auto outcome = commit(work);
        std::vector<pending_event> stored;
        for (std::size_t at = 0; at < work.appends.size(); ++at) {
            if (outcome.appends[at] == append_outcome::stored) {
                stored.push_back(std::move(work.appends[at]));
            }
        }
        return stored;
    }

    pending_event append(const event& one) { return append(std::vector{one}).at(0); }
    std::vector<pending_event> append(std::size_t many) { return append(std::vector<event>(many, ticket())); }

    std::size_t settle(std::vector<settlement> what) {
        batch work;
        work.settlements = std::move(what);
        return commit(work).unknown_settlements;
    }

    void park(std::vector<parked_event> what) {
        batch work;
        work.parkings = std::move(what);
        commit(work);
    }

    void unpark(std::vector<parked_event> what) {
        batch work;
        work.unparkings = std::move(what);
        commit(work);
    }

    page read(page_request request = {}) {
        batch work;
        work.reads.emplace_back(request);
        return std::get<page>(commit(work).reads.at(0));
    }

    lane_page take(const lane_request& request) {
        batch work;
        work.reads.emplace_back(request);
        return std::get<lane_page>(commit(work).reads.at(0));
    }

    std::optional<event_facts> find(const uuid& id) { return box->find(id, now).value(); }

    // Everything that is pending, by number, page by page.
    std::vector<sequence> pending(std::size_t per_page = 500) {
        std::vector<sequence> numbers;
        page got;
        do {
            got = read({.after = got.last, .max_events = per_page});
            for (const auto& one : got.events) {
                numbers.push_back(one.number);
            }
        } while (!got.reached_end);
        return numbers;
    }
};

inline std::vector<sequence> numbers_of(const std::vector<pending_event>& events) {
    std::vector<sequence> numbers;
    for (const auto& one : events) {
        numbers.push_back(one.number);
    }
    return numbers;
}

// accepted = delivered + pending + dead + discarded + purged.
inline bool closes(const outbox_totals& t) {
    return t.accepted == t.delivered + t.pending + t.dead + t.discarded + t.purged;
}

}  // namespace posthaste
