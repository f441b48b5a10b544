// Sockets that were passed to the process stand in for listen.addresses, and are judged as those are.

#include "lib/config/passed_addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/support.hpp"

namespace posthaste::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

const listen_address loopback{.host = "127.0.0.1", .port = 8650};
const listen_address everywhere{.host = "0.0.0.0", .port = 8650};
const listen_address by_file{.socket_path = "/run/posthaste.sock"};

// With what the file says beside its URL.
std::vector<std::string> problems_with(std::string_view members, std::vector<listen_address> passed) {
    std::vector<std::string> found;
    const auto judged = with_passed_addresses(loaded(members), std::move(passed));
    if (judged) return found;
    for (const auto& problem : judged.error())
        found.push_back(problem.text);
    return found;
}

TEST(passed_addresses, replace_those_of_the_file_and_nothing_else) {
    const auto before = loaded(with_url(R"("listen": {"addresses": ["127.0.0.1:9000", "[::1]:9000"]})"));
    const auto after = with_passed_addresses(before, {loopback, by_file});
    ASSERT_TRUE(after);
    EXPECT_EQ(after->listen.addresses, (std::vector<listen_address>{loopback, by_file}));
    EXPECT_EQ(after->upstream.url.text(), before.upstream.url.text());
    EXPECT_EQ(after->listen.allow_remote, before.listen.allow_remote);
}

TEST(passed_addresses, let_no_other_machine_in_unless_that_was_asked_for) {
    EXPECT_THAT(problems_with(with_url(R"("log": {})"), {loopback, everywhere}),
                ElementsAre(AllOf(HasSubstr("listen.addresses: 0.0.0.0:8650 can be reached from other machines"),
                                  EndsWith("(the sockets that were passed, as by posthaste.socket, replace "
                                           "listen.addresses)"))));
    const scratch_folder folder;
    const auto tokens = folder.write("tokens", "operator " + std::string(32, 'x') + "\n");
    const auto members = with_url(R"("listen": {"allow_remote": true, "access_tokens_file": ")" + tokens + R"("})");
    EXPECT_THAT(problems_with(members, {loopback, everywhere}), ElementsAre());
}

TEST(passed_addresses, are_not_where_the_upstream_is) {
    EXPECT_THAT(problems_with(R"({"upstream": {"url": "http://127.0.0.1:8650"}, "listen": {"addresses": )"
                              R"(["127.0.0.1:9000"]}})",
                              {loopback}),
                ElementsAre(HasSubstr("upstream.url: is an address of listen.addresses")));
}

}  // namespace
}  // namespace posthaste::test
