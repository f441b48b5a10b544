#include "daemon/store/path_log.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::Not;

class path_log_test : public testing::Test {
  protected:
    path_log_test() {
        spdlog::set_default_logger(
            std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(said)));
    }
    ~path_log_test() override { spdlog::set_default_logger(before); }

    // What is said of it.
    std::string commit(batch& work, bool full) {
        said.str({});
        const commit_chance chance{.now = t.now, .refuse_appends = full, .random = t.random};
        paths.look(*t.box, work, chance);
        const auto outcome = commit_batch(*t.box, work, chance);
        EXPECT_TRUE(outcome);
        EXPECT_EQ(outcome->stuck, full);
        paths.committed(work, *outcome);
        return said.str();
    }

    std::shared_ptr<spdlog::logger> before = spdlog::default_logger();
    std::ostringstream said;
    temporary_outbox t;
    path_log paths;
};

std::string death_of(const pending_event& one) {
    return "event " + named(one.id, one.what.name) + " is dead: damaged";
}

TEST_F(path_log_test, tells_each_death_once_though_a_full_disk_takes_one_of_them_later) {
    const auto stored = t.append({ticket(), ticket("2", std::string(7 * MiB, 'x'))});
    batch work;
    work.settlements = {dead(1, t.now, death_reason::damaged), dead(2, t.now, death_reason::damaged)};
    EXPECT_THAT(commit(work, true), AllOf(HasSubstr(death_of(stored[0])), Not(HasSubstr(death_of(stored[1])))));
    EXPECT_THAT(commit(work, false), AllOf(Not(HasSubstr(death_of(stored[0]))), HasSubstr(death_of(stored[1]))));
}

}  // namespace
}  // namespace posthaste
