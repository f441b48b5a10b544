#include "lib/outbox/identity_table.hpp"

#include <gtest/gtest.h>

#include "tests/unit/outbox/temporary_outbox.hpp"

namespace posthaste {
namespace {

using kind = identity_change::kind;

identity_key key(int number) {
    identity_key made{};
    made[0] = static_cast<std::uint8_t>(number);
    made[1] = static_cast<std::uint8_t>(number >> 8);
    return made;
}

struct kept_identities : testing::Test {
    temporary_outbox t;

    void apply(std::vector<identity_change> changes) {
        batch work;
        work.identities = std::move(changes);
        t.commit(work);
    }
    identity_change keep(int number, std::string body) const {
        return {kind::keep, key(number), {t.now, t.now, "application/json", std::move(body)}};
    }
    // Weighed as one that keep() makes.
    static std::uint64_t weight(std::size_t body_size) { return identity_table::row_bytes + 16 + body_size; }
    void expect_kept(std::uint64_t bytes) {
        EXPECT_EQ(t.box->totals().identity_bytes, bytes);
        EXPECT_EQ(t.box->totals().bytes, bytes);
    }
    std::optional<kept_identity> find(int number) { return t.box->find_identity(key(number)).value(); }
};

TEST_F(kept_identities, are_found_after_a_restart_as_they_were) {
    apply({keep(1, R"({"userId":"1"})"), keep(2, "two")});
    t.reopen();
    const auto found = find(1);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->body, R"({"userId":"1"})");
    EXPECT_EQ(found->content_type, "application/json");
    EXPECT_EQ(found->fetched_at, t.now);
    EXPECT_FALSE(find(3));
    apply({keep(1, "new"), {kind::erase, key(2), {}}});
    EXPECT_EQ(find(1)->body, "new");
    EXPECT_FALSE(find(2));
}

TEST_F(kept_identities, count_against_max_bytes_until_they_go) {
    apply({keep(1, std::string(1000, 'x')), keep(2, std::string(9000, 'x'))});
    expect_kept(weight(1000) + weight(9000));
    apply({keep(2, "shorter"), {kind::touch, key(1), {{}, t.now, "", ""}}});
    expect_kept(weight(1000) + weight(7));
    t.reopen();
    expect_kept(weight(1000) + weight(7));
    apply({keep(2, "longer again")});
    expect_kept(weight(1000) + weight(12));
    apply({{kind::erase, key(1), {}}, {kind::erase, key(3), {}}});
    expect_kept(weight(12));
    apply({{kind::erase, key(2), {}}, {kind::erase, key(2), {}}});
    expect_kept(0);
}

TEST_F(kept_identities, count_for_nothing_once_they_are_rolled_back) {
    apply({keep(1, "one")});
    ASSERT_TRUE(t.box->begin());
    ASSERT_TRUE(t.box->apply(keep(1, "longer")));
    ASSERT_TRUE(t.box->apply(keep(2, "two")));
    t.box->rollback();
    expect_kept(weight(3));
    ASSERT_TRUE(t.box->begin());
    ASSERT_TRUE(t.box->apply(identity_change{kind::erase, key(1), {}}));
    t.box->rollback();
    expect_kept(weight(3));
    EXPECT_EQ(find(1)->body, "one");
}

TEST_F(kept_identities, are_bounded_and_the_least_recently_used_goes) {
    constexpr int most = static_cast<int>(identity_table::most);
    std::vector<identity_change> all;
    for (int number = 0; number < most; ++number) {
        t.now += milliseconds{1};
        all.push_back(keep(number, "x"));
    }
    apply(std::move(all));
    t.now += milliseconds{1};
    apply({{kind::touch, key(0), {{}, t.now, "", ""}}, keep(most, "one more")});
    EXPECT_TRUE(find(0)) << "it was used";
    EXPECT_FALSE(find(1));
    EXPECT_TRUE(find(2)) << "and is with this";
    expect_kept(most * weight(1) + 7);  // of "one more"
    t.now += milliseconds{1};
    apply({keep(most + 1, "another")});
    EXPECT_TRUE(find(2));
    EXPECT_FALSE(find(3));
    apply({{kind::erase, key(2), {}}, keep(most + 2, "in its place"), keep(most + 3, "and one more")});
    EXPECT_FALSE(find(2));
    EXPECT_FALSE(find(4));
    EXPECT_TRUE(find(0));
    EXPECT_TRUE(find(most + 3));
}

// As damage may leave them.
TEST_F(kept_identities, are_counted_anew_once_none_is_left) {
    t.box.reset();
    alter(t.queue.path, "UPDATE meta SET identities = 10100, identity_bytes = 20200, bytes = 20200");
    t.open();
    EXPECT_TRUE(t.box->next_trim().value());
    batch nothing;
    t.commit(nothing);
    expect_kept(0);
    EXPECT_FALSE(t.box->next_trim().value());
}

}  // namespace
}  // namespace posthaste
