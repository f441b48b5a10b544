#include "lib/outbox/identity_table.hpp"

#include <gtest/gtest.h>

#include "lib/outbox/row_sum.hpp"
#include "tests/unit/outbox/damaged_file.hpp"
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
    void bound_by(std::uint64_t max_bytes) {
        t.queue.max_bytes = max_bytes;
        ASSERT_TRUE(t.box->reconfigure(t.queue));
    }
    void commit_nothing() {
        batch nothing;
        t.commit(nothing);
    }
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
    apply({keep(2, "shorter"), {kind::touch, key(1), {}}});
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
    ASSERT_TRUE(t.box->apply(keep(1, "longer"), t.now));
    ASSERT_TRUE(t.box->apply(keep(2, "two"), t.now));
    t.box->rollback();
    expect_kept(weight(3));
    ASSERT_TRUE(t.box->begin());
    ASSERT_TRUE(t.box->apply({kind::erase, key(1), {}}, t.now));
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
    apply({{kind::touch, key(0), {}}, keep(most, "one more")});
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

TEST_F(kept_identities, have_a_quarter_of_max_bytes) {
    bound_by(16 * weight(100));
    for (int number = 0; number < 5; ++number) {
        t.now += milliseconds{1};
        apply({keep(number, std::string(100, 'x'))});
    }
    expect_kept(4 * weight(100));
    EXPECT_FALSE(find(0));
    t.now += milliseconds{1};
    apply({keep(5, std::string(101, 'x'))});
    expect_kept(2 * weight(100) + weight(101));
    EXPECT_FALSE(find(2));
    EXPECT_TRUE(find(3));
}

TEST_F(kept_identities, are_none_of_those_that_alone_are_larger_than_that) {
    bound_by(4 * weight(100));
    apply({keep(2, "x")});
    apply({keep(1, std::string(101, 'x'))});
    expect_kept(weight(1));
    EXPECT_TRUE(find(2)) << "it went for nothing";
    t.now += milliseconds{1};
    apply({keep(1, std::string(100, 'x'))});
    expect_kept(weight(100));
}

TEST_F(kept_identities, go_in_slices_once_max_bytes_is_lowered_until_they_fit) {
    std::vector<identity_change> all;
    for (int number = 0; number < 300; ++number) {
        t.now += milliseconds{1};
        all.push_back(keep(number, "x"));
    }
    apply(std::move(all));
    EXPECT_FALSE(t.box->next_trim().value());
    bound_by(4 * 20 * weight(1));
    for (const std::uint64_t left : {300 - 128, 300 - 2 * 128, 20}) {
        EXPECT_LE(t.box->next_trim().value(), t.now) << "so that nobody need post for it";
        commit_nothing();
        expect_kept(left * weight(1));
    }
    EXPECT_FALSE(t.box->next_trim().value());
    EXPECT_TRUE(find(299));
}

TEST_F(kept_identities, take_no_more_of_a_full_queue) {
    const event large = ticket("1", std::string(3000, 'x'));
    bound_by(row_bytes(large) + weight(100) + 10);
    t.append(large);
    const auto first_byte = [&] { return find(1).value_or(kept_identity{}).body.substr(0, 1); };
    const auto kept = [&] { return t.box->totals().identity_bytes; };
    apply({keep(1, std::string(100, 'a'))});
    apply({keep(2, ""), keep(1, std::string(111, 'b'))});
    EXPECT_EQ(kept(), weight(100));
    EXPECT_EQ(first_byte(), "a");
    apply({keep(1, std::string(110, 'c'))});
    EXPECT_EQ(kept(), weight(110));
    EXPECT_FALSE(t.box->is_full()) << "there is room for an event, as that one would go";
}

TEST_F(kept_identities, give_way_to_events_as_far_as_these_need_it) {
    bound_by(8 * weight(1000));
    for (const int number : {1, 2}) {
        t.now += milliseconds{1};
        apply({keep(number, std::string(1000, 'x'))});
    }
    const auto of = [](std::uint64_t bytes) {
        return ticket("1", std::string(bytes - row_bytes(ticket("1", "")), 'x'));
    };
    t.append(of(6 * weight(1000)));
    EXPECT_EQ(t.box->totals().identity_bytes, 2 * weight(1000));
    t.append(ticket());
    EXPECT_EQ(t.box->totals().identity_bytes, weight(1000));
    EXPECT_TRUE(find(2));
    EXPECT_FALSE(t.box->is_full());
    t.append(of(2 * weight(1000) - row_bytes(ticket())));
    EXPECT_EQ(t.box->totals().identity_bytes, 0U);
    EXPECT_TRUE(t.box->is_full());
    EXPECT_EQ(t.box->totals().bytes, t.queue.max_bytes);
}

// When many are kept that are asked for again and again, too.
TEST_F(kept_identities, never_are_without_the_newest) {
    bound_by(16 * weight(100));
    for (int number = 0; number < 10; ++number) {
        for (int each = 0; each < number; ++each)
            find(each);
        const auto late = keep(number, std::string(100, 'x'));
        t.now += milliseconds{1};
        apply({late});
        EXPECT_TRUE(find(number)) << number;
    }
    expect_kept(4 * weight(100));
}

TEST_F(kept_identities, go_though_damage_hides_their_keys) {
    bound_by(16 * weight(100));
    apply({keep(1, std::string(100, 'x'))});
    t.box.reset();
    alter(t.queue.path, "UPDATE identities SET key = x'01'");
    t.open();
    for (int number = 2; number < 6; ++number) {
        t.now += milliseconds{1};
        apply({keep(number, std::string(100, 'x'))});
    }
    expect_kept(4 * weight(100));
    t.box.reset();
    sqlite_connection database;
    ASSERT_TRUE(database.open(t.queue.path));
    EXPECT_EQ(database.integer("SELECT count(*) FROM identities").value(), 4);
}

// As damage may leave them.
TEST_F(kept_identities, are_counted_anew_once_none_is_left) {
    t.box.reset();
    alter(t.queue.path, "UPDATE meta SET identities = 10100, identity_bytes = 20200, bytes = 20200");
    t.open();
    EXPECT_TRUE(t.box->next_trim().value());
    commit_nothing();
    expect_kept(0);
    EXPECT_FALSE(t.box->next_trim().value());
}

TEST(recovery_of_kept_identities, leaves_them_and_does_not_count_them) {
    damaged_file t;
    t.fill(3);
    const auto of_events = t.box->totals().bytes;
    batch work;
    work.identities.push_back({identity_change::kind::keep, {}, {t.now, t.now, "text/plain", "ada"}});
    t.commit(work);
    ASSERT_GT(t.box->totals().bytes, of_events);
    t.box.reset();
    t.recover_some();
    t.recovered_numbers();
    EXPECT_EQ(t.box->totals().bytes, of_events);
}

}  // namespace
}  // namespace posthaste
