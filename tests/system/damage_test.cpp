// A damaged file: flipped bytes and lost ends at random places, in the database and in its log. Either the daemon ends
// with 65 and says what to do, and goes on doing so, or the damaged events are dead and all others are delivered byte
// for byte. Never a wrong body, a crash, a hang or an overwritten file. And files that are none of this daemon's
// business.

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "tests/system/support/accounts.hpp"

namespace posthaste {

namespace {

using testing::HasSubstr;

constexpr int usage_exit = 2;
constexpr int damaged_exit = 65;
constexpr int events = 300;

enum class harm { flips, few_flips, truncation };

struct victim {
    const char* name;
    const char* file;  // what stands behind the outbox's path
    harm what;
};

constexpr victim victims[] = {{"database_flips", "", harm::flips},
                              {"database_few_flips", "", harm::few_flips},
                              {"database_truncation", "", harm::truncation},
                              {"log_flips", "-wal", harm::flips},
                              {"log_truncation", "-wal", harm::truncation}};

void PrintTo(const victim& of, std::ostream* out) {
    *out << of.name;
}

std::string damaged(std::string content, harm what, unsigned seed) {
    std::mt19937 random(seed);
    if (what == harm::truncation) {
        content.resize(random() % content.size());
        return content;
    }
    for (int flip = what == harm::flips ? 100 : 3; flip > 0; --flip)
        content[random() % content.size()] ^= static_cast<char>(1 + random() % 255);
    return content;
}

// An outbox with some hundred events, as a kill leaves it (all in the log) and as a stop leaves it (all in the file).
struct sound_outbox {
    sound_outbox() {
        daemon_under_test daemon("http://127.0.0.1:9", {{"delivery", {{"retry", {{"initial", "1h"}, {"max", "2h"}}}}}});
        daemon.start();
        for (int event = 0; event < events; ++event) {
            const std::string body = sample_event("user-" + std::to_string(event % 20),
                                                  std::string(event % 50 == 0 ? 9000 : event % 7 * 40, 't'));
            bodies[daemon.post(body)] = body;
        }
        daemon.kill9();
        keep(daemon.outbox_path(), after_kill);
        daemon.start();
        EXPECT_EQ(daemon.stop(), 0);
        keep(daemon.outbox_path(), after_stop);
    }

    static void keep(const std::string& outbox, std::map<std::string, std::string>& files) {
        for (const char* end : {"", "-wal"})
            files[end] = read_whole_file(outbox + end);
    }

    std::map<std::string, std::string> bodies;  // by id
    std::map<std::string, std::string> after_kill;
    std::map<std::string, std::string> after_stop;
};

class damage : public testing::TestWithParam<victim> {
  protected:
    static void SetUpTestSuite() {
        if (!sound) sound = std::make_unique<sound_outbox>();
    }

    static void harm_often(unsigned seeds) {
        int survived = 0;
        for (unsigned seed = 1; seed <= seeds; ++seed)
            survived += harm_once(seed) ? 1 : 0;
        std::printf("%d of %u went on, the others ended with 65\n", survived, seeds);
    }

    // Whether it went on.
    static bool harm_once(unsigned seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const victim& of = GetParam();
        upstream_process upstream;
        upstream.start();
        daemon_under_test daemon(upstream.url());
        auto files = of.file[0] == '\0' ? sound->after_stop : sound->after_kill;
        files[of.file] = damaged(files[of.file], of.what, seed);
        for (const auto& [end, content] : files)
            write(daemon.outbox_path() + end, content);
        const bool went_on = live_with_it(daemon, files);
        for (const auto& [id, bodies] : bodies_by_key(upstream)) {
            const auto posted = sound->bodies.find(id);
            EXPECT_NE(posted, sound->bodies.end()) << "an event that was never posted came as " << id;
            if (posted == sound->bodies.end()) continue;
            for (const std::string& body : bodies)
                EXPECT_EQ(body, posted->second) << "a wrong body came as " << id;
        }
        if (went_on) expect_complete(daemon, upstream);
        return went_on;
    }

    static void write(const std::string& path, const std::string& content) {
        std::ofstream(path, std::ios::binary) << content;
        std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }

    // False: it was refused, now and at every further start. True: it runs, and nothing is pending.
    static bool live_with_it(daemon_under_test& daemon, const std::map<std::string, std::string>& files) {
        int refusal = damaged_exit;
        if (!daemon.try_start()) {
            // Where the marks of an outbox in the file's head were hit, it is taken for a newer one or somebody else's.
            if (daemon.log().find("nothing was changed") != std::string::npos) refusal = usage_exit;
            EXPECT_EQ(daemon.running().wait(), refusal) << daemon.log();
            EXPECT_THAT(daemon.log(), HasSubstr("; nothing was "));
            for (const auto& [end, content] : files)
                EXPECT_TRUE(read_whole_file(daemon.outbox_path() + end) == content) << "it was overwritten";
        } else if (wait_until([&] {
                       const nlohmann::json now = daemon.running().ended() ? nlohmann::json() : daemon.status();
                       return daemon.running().ended() || (now.is_object() && now.at("queue").at("pending") == 0);
                   })) {
            if (!daemon.running().ended()) return true;
            EXPECT_EQ(daemon.running().wait(), damaged_exit) << daemon.log();
            EXPECT_THAT(daemon.log(), HasSubstr("nothing was overwritten"));
        } else {
            ADD_FAILURE() << "it hangs: " << daemon.status() << daemon.log();
            return false;
        }
        const bool started = daemon.try_start();
        EXPECT_FALSE(started) << "a damaged outbox was started again";
        EXPECT_EQ(started ? refusal : daemon.running().wait(), refusal) << daemon.log();
        return false;
    }

    // What a log lost is its end: SQLite takes a torn one for the mark of a crash. All before that is there.
    static void expect_complete(daemon_under_test& daemon, upstream_process& upstream) {
        const nlohmann::json now = daemon.status();
        const auto delivered = bodies_by_key(upstream).size();
        EXPECT_EQ(now.at("totals").at("delivered"), delivered) << now;
        EXPECT_EQ(now.at("totals").at("accepted"), delivered + now.at("queue").at("dead").get<std::size_t>()) << now;
        EXPECT_TRUE(GetParam().file[0] != '\0' || now.at("totals").at("accepted") == events) << now;
        std::size_t dead = 0;
        for (const auto& [id, body] : sound->bodies) {
            const nlohmann::json facts = daemon.event(id);
            if (facts.value("state", "") == "dead" && facts.value("reason", "") == "damaged") ++dead;
        }
        EXPECT_LE(dead, now.at("queue").at("dead").get<std::size_t>()) << "some have lost their ids too";
        EXPECT_EQ(daemon.stop(), 0) << daemon.log();
        EXPECT_FALSE(std::filesystem::exists(daemon.outbox_path() + ".damaged"));
    }

    static inline std::unique_ptr<sound_outbox> sound;
};

using slow_damage = damage;

}  // namespace

TEST_P(damage, of_a_few_kinds_ends_with_65_or_costs_no_more_than_what_it_hit) {
    harm_often(5);
}

TEST_P(slow_damage, of_fifty_kinds_ends_with_65_or_costs_no_more_than_what_it_hit) {
    harm_often(50);
}

INSTANTIATE_TEST_SUITE_P(, damage, testing::ValuesIn(victims), [](const auto& of) { return of.param.name; });
INSTANTIATE_TEST_SUITE_P(, slow_damage, testing::ValuesIn(victims), [](const auto& of) { return of.param.name; });

// cli_test has the other of the two locks: a second start on the same configuration.
TEST(foreign_outbox, in_use_by_another_daemon_is_refused_with_its_pid_and_not_touched) {
    daemon_under_test first;
    first.start();
    const std::string id = first.post(sample_event());
    daemon_under_test second("http://127.0.0.1:9", {{"queue", {{"path", first.outbox_path()}}}});
    EXPECT_FALSE(second.try_start());
    EXPECT_EQ(second.running().wait(), 75);
    EXPECT_THAT(second.log(), HasSubstr("in use by process " + std::to_string(first.running().id())));
    EXPECT_EQ(first.event(id).value("state", ""), "pending");
    first.kill9();
    second.start();
    EXPECT_EQ(second.event(id).value("state", ""), "pending") << "the lock goes with its process";
}

// SQLite follows the link: what stands beside the file is beside the one that it leads to.
TEST(foreign_outbox, in_use_under_another_name_is_refused_all_the_same_and_its_log_is_found) {
    daemon_under_test first;
    first.start();
    const std::string id = first.post(sample_event());
    daemon_under_test second;
    const std::string link = second.folder() / "link.db";
    std::filesystem::create_symlink(first.outbox_path(), link);
    second.configure({{"queue", {{"path", link}}}});
    EXPECT_FALSE(second.try_start());
    EXPECT_EQ(second.running().wait(), 75);
    EXPECT_THAT(second.log(), HasSubstr("in use by process " + std::to_string(first.running().id())));
    first.kill9();
    second.start();
    EXPECT_EQ(second.event(id).value("state", ""), "pending");
    for (const char* end : {"-wal", ".lock"})
        EXPECT_FALSE(std::filesystem::exists(link + end)) << end;
}

TEST(foreign_outbox, of_a_newer_version_is_refused_and_not_touched) {
    daemon_under_test daemon;
    daemon.start();
    daemon.post(sample_event());
    EXPECT_EQ(daemon.stop(), 0);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(daemon.outbox_path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, "PRAGMA user_version = 99", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
    const std::string before = read_whole_file(daemon.outbox_path());
    EXPECT_FALSE(daemon.try_start());
    EXPECT_EQ(daemon.running().wait(), usage_exit) << "which no init system restarts";
    EXPECT_THAT(daemon.log(), HasSubstr("written by a newer posthaste"));
    EXPECT_THAT(daemon.log(), HasSubstr("nothing was changed"));
    EXPECT_TRUE(read_whole_file(daemon.outbox_path()) == before);
    EXPECT_EQ(read_whole_file(daemon.outbox_path() + "-wal"), "") << "where a change stands first";
}

}  // namespace posthaste
