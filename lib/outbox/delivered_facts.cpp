#include "lib/outbox/delivered_facts.hpp"

#include <algorithm>

namespace posthaste {
namespace {

namespace column {
enum : int { seq, events, delivered_at, crc, facts };
}

sequence number_of(const sqlite_rows& run) {
    return static_cast<sequence>(run.integer(column::seq));
}

// A damaged count must not become a large one.
std::uint64_t events_of(const sqlite_rows& run) {
    return static_cast<std::uint64_t>(
        std::clamp(run.integer(column::events), std::int64_t{1}, std::int64_t{facts_run::most_events}));
}

event_facts facts_of(sequence number, const delivered_fact& from) {
    event_facts one;
    one.number = number;
    one.id = from.id;
    one.name = from.name;
    one.user_id = from.user_id;
    one.state = event_state::delivered;
    one.received_at = from.received_at;
    one.attempts = from.attempts;
    one.delivered_at = from.delivered_at;
    one.response_status = from.status;
    return one;
}

std::vector<event_facts> read_run(const sqlite_rows& run) {
    std::vector<event_facts> read;
    const auto packed = run.bytes(column::facts);
    const auto facts = run.integer(column::crc) == std::int64_t{facts_checksum(number_of(run), packed)}
                           ? unpack_facts(packed, events_of(run))
                           : std::nullopt;
    if (facts) {
        auto number = number_of(run);
        read.reserve(facts->size());
        for (const auto& one : *facts) {
            read.push_back(facts_of(number++, one));
        }
    }
    return read;
}

}  // namespace

sqlite_result delivered_facts::prepare(sqlite_connection& database, milliseconds keep) {
    database_ = &database;
    keep_ = keep;
    const std::pair<sqlite_statement*, const char*> statements[] = {
        {&write_, "INSERT OR REPLACE INTO delivered_runs (seq, events, delivered_at, crc, facts) VALUES (?,?,?,?,?)"},
        {&oldest_, "SELECT seq, events, delivered_at FROM delivered_runs ORDER BY seq"},
        {&drop_, "DELETE FROM delivered_runs WHERE seq = ?"},
        {&below_, "SELECT seq, events, delivered_at, crc, facts FROM delivered_runs WHERE seq < ? ORDER BY seq DESC"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = database.prepare(*statement, sql); !prepared) {
            return prepared;
        }
    }
    return {};
}

sqlite_result delivered_facts::keep(const facts_runs& what) {
    for (const auto& run : what.runs()) {
        if (auto written = write_.run(run.first(), run.events(), run.latest(),
                                      facts_checksum(run.first(), run.packed()), sqlite_blob{run.packed()});
            !written) {
            return written;
        }
    }
    return {};
}

result<delivered_facts::due_runs, sqlite_error> delivered_facts::due(std::uint64_t excess, std::size_t slice,
                                                                     wall_time now) {
    due_runs found;
    if (excess == 0 && expiry_ && *expiry_ > now) {
        return found;
    }
    forget_expiry();
    auto rows = oldest_.query();
    for (std::uint64_t events = 0; events < std::max(excess, std::uint64_t{slice});) {
        found.all = !rows.next();
        if (found.all) {
            break;
        }
        const auto expires = rows.time(column::delivered_at) + keep_;
        if (events >= excess && expires > now) {
            expiry_ = expires;
            break;
        }
        found.runs.push_back({number_of(rows), events_of(rows)});
        events += found.runs.back().events;
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

// One that is there and cannot be found stands where its number does not belong: it would be due for ever.
sqlite_result delivered_facts::drop(sequence first_of_run) {
    auto dropped = drop_.run(first_of_run);
    return dropped && database_->changes() == 0 ? sqlite_result{sqlite_error::of(SQLITE_CORRUPT)} : dropped;
}

result<std::optional<wall_time>, sqlite_error> delivered_facts::next_expiry() {
    if (!expiry_) {
        auto rows = oldest_.query();
        expiry_ = rows.next() ? std::optional{rows.time(column::delivered_at) + keep_} : std::nullopt;
        if (const auto read = rows.end(); !read) {
            return read.error();
        }
    }
    return expiry_;
}

result<std::optional<event_facts>, sqlite_error> delivered_facts::find(sequence number, const uuid& id, wall_time now) {
    std::optional<event_facts> found;
    auto rows = below_.query(number + 1);
    if (rows.next() && number - number_of(rows) < events_of(rows)) {
        auto run = read_run(rows);
        const auto at = number - number_of(rows);
        if (at < run.size() && run[at].id == id && is_shown(run[at], now)) {
            found = std::move(run[at]);
        }
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

result<std::vector<event_facts>, sqlite_error> delivered_facts::in_run(sequence first) {
    auto rows = below_.query(first + 1);
    auto run = rows.next() ? read_run(rows) : std::vector<event_facts>{};
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return run;
}

result<std::vector<kept_event>, sqlite_error> delivered_facts::below(sequence before, sequence above,
                                                                     std::size_t count) {
    std::vector<kept_event> found;
    auto rows = below_.query(before);
    while (found.size() < count && rows.next() && number_of(rows) + events_of(rows) > above) {
        auto run = read_run(rows);
        for (auto at = events_of(rows); at-- > 0;) {
            const auto number = number_of(rows) + at;
            if (number < before) {
                found.push_back({number, event_state::delivered,
                                 at < run.size() ? std::optional{std::move(run[at])} : std::nullopt});
            }
        }
        before = number_of(rows);  // however many a damaged one claims to hold
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

result<facts_runs, sqlite_error> read_facts_in_rows(sqlite_connection& database) {
    enum column : int { seq, id, user_id, name, received_at, delivered_at, attempts, status };
    auto all = database.prepare(
        "SELECT seq, id, user_id, name, received_at, delivered_at, attempts, status FROM delivered ORDER BY seq");
    auto foreign_id = database.prepare("SELECT 1 FROM foreign_ids WHERE id = ?");
    if (!all || !foreign_id) {
        return all ? foreign_id.error() : all.error();
    }
    const auto is_foreign = [&](const uuid& its_id) { return foreign_id->query(its_id).next(); };
    facts_runs found;
    auto rows = all->query();
    while (rows.next()) {
        delivered_fact one{.id = {},
                           .received_at = rows.time(received_at),
                           .delivered_at = rows.time(delivered_at),
                           .attempts = static_cast<std::uint32_t>(rows.integer(attempts)),
                           .status = static_cast<std::int32_t>(rows.integer(status)),
                           .user_id = rows.bytes(user_id),
                           .name = rows.bytes(name)};
        if (rows.bytes(id).size() != one.id.bytes.size()) {
            continue;  // damaged
        }
        std::ranges::copy(rows.bytes(id), reinterpret_cast<char*>(one.id.bytes.data()));
        const auto number = static_cast<sequence>(rows.integer(seq));
        if (sequence_of(one.id) == number || is_foreign(one.id)) {  // a row had no checksum
            found.add(number, one);
        }
    }
    if (const auto read = rows.end(); !read) {
        return read.error();
    }
    return found;
}

}  // namespace posthaste
