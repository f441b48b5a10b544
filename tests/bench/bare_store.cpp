// The store by itself, on one thread, beside the least that SQLite can be asked to do: bare_store FOLDER ROUNDS, or
// bare_store FOLDER ROUNDS inserting, for those alone.
//
// inserting: the ceiling of batches, 1,000 inserts of what the sample event weighs in one transaction, nothing deleted.
// outbox_inserting: as many of the sample events through the outbox.
// minimal: 256 inserts of 300-byte rows and 256 deletes by id in one transaction, no index, no checksum, no facts kept.
// outbox: the same through the outbox, with delivered facts kept ("day") and without ("none").
// In turn, WAL, every commit synced, checkpoints at 1,000 pages. Timed is the store's part: events are made before.
// Prints "store WHAT EVENTS-A-SECOND" lines.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "lib/outbox/batch.hpp"

namespace {

using namespace posthaste;

constexpr long batches = 800;
constexpr long batch_events = 256;
const std::string body(300, 'x');
const std::string sample_body(170, 'x');

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "bare_store: %s failed\n", what);
    std::exit(1);
}

void must(bool done, const char* what) {
    if (!done) fail(what);
}

double seconds_of(const auto& work) {
    const auto begun = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

// Inserts `each` a transaction, so many times; deletes those of the transaction before where it is told to.
double minimal(const std::string& path, const std::string& row, long transactions, long each, bool deletes) {
    std::fclose(std::fopen(path.c_str(), "w"));
    sqlite_connection database;
    must(database.open(path).has_value(), "open");
    must(database
             .execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                      "PRAGMA secure_delete = OFF; "
                      "CREATE TABLE events (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
             .has_value(),
         "create");
    auto insert = database.prepare("INSERT INTO events VALUES (?,?)");
    auto erase = database.prepare("DELETE FROM events WHERE seq = ?");
    must(insert.has_value() && erase.has_value(), "prepare");
    const double taken = seconds_of([&] {
        for (long at = 0; at < transactions * each;) {
            must(database.execute("BEGIN").has_value(), "begin");
            for (long end = at + each; at < end; ++at) {
                must(insert->run(at, sqlite_blob{row}).has_value(), "insert");
                if (deletes) must(erase->run(at - each).has_value(), "delete");
            }
            must(database.execute("COMMIT").has_value(), "commit");
            if (database.wal_pages() >= 1000)
                must(database.checkpoint(sqlite_checkpoint::passive).has_value(), "checkpoint");
        }
    });
    *insert = {};
    *erase = {};
    return static_cast<double>(transactions * each) / taken;
}

// Commits `each` events so many times, and the settlements of those before where it is told to.
double through_outbox(const std::string& path, const std::string& row, long commits, long each,
                      std::optional<milliseconds> keep) {
    queue_settings queue;
    queue.path = path;
    queue.disk_reserve = 0;
    queue.keep_delivered = keep.value_or(milliseconds{0});
    const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    auto box = outbox::open(queue, now);
    must(box.has_value(), "open");
    std::uint64_t state = 1;
    const std::function<std::uint64_t()> random = [&] { return state = state * 6364136223846793005U + 1; };
    std::vector<settlement> last;
    double taken = 0;
    for (long at = 0; at < commits; ++at) {
        batch work;
        work.appends.resize(static_cast<std::size_t>(each));
        for (auto& one : work.appends)
            one.what = {"Ticket Created", "10101010101010", "/run/event", "", "", "", row};
        work.settlements = std::exchange(last, {});
        taken += seconds_of([&] {
            must(commit_batch(**box, work, {.now = now, .random = random}).has_value(), "commit");
            if ((*box)->checkpoint_due()) must((*box)->checkpoint().has_value(), "checkpoint");
        });
        for (const auto& one : work.appends) {
            if (!keep) break;
            auto& done = last.emplace_back();
            done.number = one.number;
            done.at = now;
            done.status = 200;
            done.attempts = 1;
        }
    }
    return static_cast<double>(commits * each) / taken;
}

}  // namespace

int main(int count, char** arguments) {
    const bool only_inserting = count == 4 && std::string_view(arguments[3]) == "inserting";
    if (count != 3 && !only_inserting) return 2;
    const std::filesystem::path folder = std::filesystem::path(arguments[1]) / "bare_store";
    for (int round = 0; round < std::atoi(arguments[2]); ++round) {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
        if (only_inserting) {
            std::printf("store inserting %.0f\n", minimal(folder / "inserting.db", sample_body, 500, 1000, false));
            std::printf("store outbox_inserting %.0f\n",
                        through_outbox(folder / "outbox.db", sample_body, 500, 1000, std::nullopt));
            std::fflush(stdout);
            continue;
        }
        std::printf("store minimal %.0f\n", minimal(folder / "minimal.db", body, batches, batch_events, true));
        std::printf("store day %.0f\n",
                    through_outbox(folder / "day.db", body, batches, batch_events, std::chrono::hours{24}));
        std::printf("store none %.0f\n",
                    through_outbox(folder / "none.db", body, batches, batch_events, milliseconds{0}));
        std::fflush(stdout);
    }
    std::filesystem::remove_all(folder);
}
