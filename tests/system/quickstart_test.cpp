// daemon/quickstart: what a stranger runs first. It builds the release, which takes its time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/support/process.hpp"
#include "tests/system/support/raw_socket.hpp"
#include "tests/system/support/temp_folder.hpp"

namespace posthaste {
namespace {

using testing::HasSubstr;

constexpr std::chrono::minutes time_to_build{28};
constexpr const char* delivered_message = "[#support] New ticket *Refund request* from ada@example.com: Please help";

class quickstart {
  public:
    explicit quickstart(std::vector<std::string> arguments) : running_(options(std::move(arguments), home_ / "")) {}

    // Until `text` was printed or it has ended.
    [[nodiscard]] bool prints(const std::string& text) {
        const auto printed = [&] { return running_.output().find(text) != std::string::npos; };
        return wait_until([&] { return printed() || running_.ended(); }, time_to_build) && printed();
    }

    process& running() { return running_; }

  private:
    // A home of its own: the outbox of `posthaste dev` is below it.
    static process_options options(std::vector<std::string> arguments, const std::string& home) {
        arguments.insert(arguments.begin(), POSTHASTE_SOURCE_DIR "/daemon/quickstart");
        return {std::move(arguments), {{"HOME", home}, {"XDG_STATE_HOME", ""}}, {}, {}};
    }

    temp_folder home_;
    process running_;
};

// One test, as two at once would build in the same folder.
TEST(slow_quickstart, shows_the_delivered_message_then_ends_or_goes_on_until_ctrl_c) {
    quickstart once({"--once"});
    EXPECT_TRUE(once.prints(delivered_message)) << once.running().output();
    EXPECT_EQ(once.running().wait(), 0) << once.running().output();
    EXPECT_THAT(once.running().output(), HasSubstr("$ curl --include http://127.0.0.1:"));
    EXPECT_THAT(once.running().output(), HasSubstr("HTTP/1.1 202 Accepted"));

    quickstart lasting({});
    EXPECT_TRUE(lasting.prints("Post more, or stop with Ctrl-C.")) << lasting.running().output();
    EXPECT_THAT(lasting.running().output(), HasSubstr(delivered_message));
    EXPECT_FALSE(lasting.running().ended());

    quickstart beside({"--once"});
    EXPECT_TRUE(beside.prints("is taken: using ")) << beside.running().output();
    EXPECT_EQ(beside.running().wait(), 0) << beside.running().output();
    EXPECT_THAT(beside.running().output(), HasSubstr(delivered_message));

    lasting.running().signal(SIGINT);
    EXPECT_EQ(lasting.running().wait(), 0) << lasting.running().output();
}

TEST(quickstart, explains_itself_and_refuses_what_it_does_not_know) {
    const finished help = run_to_end({{POSTHASTE_SOURCE_DIR "/daemon/quickstart", "--help"}, {}, {}, {}});
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.output, HasSubstr("--once"));
    EXPECT_EQ(run_to_end({{POSTHASTE_SOURCE_DIR "/daemon/quickstart", "--twice"}, {}, {}, {}}).status, 2);
}

}  // namespace
}  // namespace posthaste
