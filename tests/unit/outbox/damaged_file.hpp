// An outbox whose file is to be damaged, page by page, and what comes of recovering it.

#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include <gmock/gmock.h>

#include "lib/outbox/recover.hpp"
#include "lib/outbox/table_tree.hpp"
#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {

inline std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void overwrite(const std::string& path, std::size_t at, const std::string& bytes) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
}

// As recovery takes it: whatever could be wrong with it stands in one text.
inline std::string text_of(const pending_event& one) {
    const event& e = one.what;
    return std::to_string(one.number) + " " + to_string(one.id) + " " + to_rfc3339(one.received_at) + " " + e.name +
           " " + e.user_id + " " + e.path + " " + e.api_version + " " + e.traceparent + " " + e.tracestate + " " +
           e.body;
}

struct damaged_file : temporary_outbox {
    static constexpr std::size_t page_size = 4096;

    std::map<sequence, pending_event> stored;  // everything appended
    std::string recovered = folder / "recovered.db";

    void fill(std::size_t many, std::size_t body_size = 300) {
        std::vector<event> events;
        for (std::size_t n = 0; n < many; ++n) {
            event one =
                ticket("user " + std::to_string(n % 7), std::string(body_size, 'a' + static_cast<char>(n % 26)));
            one.tracestate = "n=" + std::to_string(n);
            events.push_back(std::move(one));
            if (events.size() == 1000 || n + 1 == many) {
                for (auto& done : append(std::exchange(events, {}))) {
                    stored[done.number] = done;
                }
            }
        }
    }

    // Everything into the file itself, and closed.
    void close_whole() {
        if (!box->checkpoint_whole()) {
            throw std::runtime_error("no checkpoint");
        }
        box.reset();
    }

    std::uint32_t root_of(const std::string& table) const {
        sqlite_connection database;
        if (!database.open(queue.path)) {
            throw std::runtime_error("cannot open the outbox");
        }
        const auto sql = "SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'";
        return static_cast<std::uint32_t>(database.integer(sql.c_str()).value());
    }

    // The table's leaves, with the numbers of the rows on each.
    std::vector<std::pair<table_leaf, std::vector<std::int64_t>>> leaves_of(const std::string& table) const {
        std::vector<std::pair<table_leaf, std::vector<std::int64_t>>> found;
        table_tree tree(queue.path, page_size);
        for (const auto& leaf : tree.leaves(root_of(table))) {
            found.emplace_back(leaf, tree.rows_of(leaf).value());
        }
        return found;
    }

    void destroy_page(std::uint32_t page, char with = '\0') {
        overwrite(queue.path, (page - 1) * page_size, std::string(page_size, with));
    }

    result<recovery_report, start_failure> recover() {
        for (const char* suffix : {"", "-wal"}) {
            std::filesystem::remove(recovered + suffix);
        }
        return recover_outbox({queue.path, recovered, now});
    }

    recovery_report recover_some() {
        auto report = recover();
        if (!report) {
            throw std::runtime_error(report.error().message);
        }
        return *std::move(report);
    }

    // The recovered outbox, opened in place of the damaged one; everything pending in it is what was stored.
    std::vector<sequence> recovered_numbers() {
        queue.path = recovered;
        reopen();
        EXPECT_TRUE(closes(box->totals()));
        std::vector<sequence> numbers;
        page got;
        do {
            got = read({.after = got.last});
            EXPECT_THAT(got.damaged, testing::IsEmpty());
            for (const auto& one : got.events) {
                EXPECT_EQ(text_of(one), text_of(stored.at(one.number)));
                numbers.push_back(one.number);
            }
        } while (!got.reached_end);
        EXPECT_EQ(box->totals().pending, numbers.size());
        return numbers;
    }

    std::vector<sequence> all_but(const std::vector<std::int64_t>& lost) const {
        std::vector<sequence> numbers;
        for (const auto& [number, one] : stored) {
            if (std::ranges::find(lost, static_cast<std::int64_t>(number)) == lost.end()) {
                numbers.push_back(number);
            }
        }
        return numbers;
    }
};

}  // namespace posthaste
