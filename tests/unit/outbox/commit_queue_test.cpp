#include "lib/outbox/commit_queue.hpp"

#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace posthaste {
namespace {

using testing::ElementsAre;

using numbers = std::vector<int>;

auto put(int number) {
    return [number](numbers& into) { into.push_back(number); };
}

TEST(commit_queue, gives_everything_that_waits_at_once_and_in_order) {
    commit_queue<numbers> queue;
    for (int number = 0; number < 4; ++number) {
        ASSERT_TRUE(queue.try_add(1, 10, put(number)));
    }
    EXPECT_THAT(queue.take().value(), ElementsAre(0, 1, 2, 3));
}

TEST(commit_queue, begins_another_batch_at_the_bound_of_operations_or_bytes) {
    commit_queue<numbers> queue({.batch_operations = 2, .batch_bytes = 100, .operations = 100, .bytes = 1000});
    for (const auto& [number, bytes] : {std::pair{1, 10}, {2, 10}, {3, 60}, {4, 60}, {5, 500}}) {
        ASSERT_TRUE(queue.try_add(1, static_cast<std::size_t>(bytes), put(number)));
    }
    EXPECT_THAT(queue.take().value(), ElementsAre(1, 2));
    EXPECT_THAT(queue.take().value(), ElementsAre(3));
    EXPECT_THAT(queue.take().value(), ElementsAre(4));
    EXPECT_THAT(queue.take().value(), ElementsAre(5)) << "more than a batch holds still goes, alone";
}

TEST(commit_queue, refuses_when_full_and_takes_again_after_a_batch_is_gone) {
    commit_queue<numbers> queue({.batch_operations = 1, .batch_bytes = 100, .operations = 2, .bytes = 50});
    EXPECT_TRUE(queue.try_add(1, 30, put(1)));
    EXPECT_FALSE(queue.try_add(1, 30, put(2))) << "bytes";
    EXPECT_TRUE(queue.try_add(1, 0, put(3)));
    EXPECT_FALSE(queue.try_add(1, 0, put(4))) << "operations";
    EXPECT_TRUE(queue.add(1, put(5))) << "what must not be lost is taken all the same";
    EXPECT_THAT(queue.take().value(), ElementsAre(1));
    EXPECT_THAT(queue.take().value(), ElementsAre(3));
    EXPECT_TRUE(queue.try_add(1, 30, put(6)));
}

TEST(commit_queue, hands_over_what_is_in_it_after_it_was_closed_and_then_ends) {
    commit_queue<numbers> queue;
    ASSERT_TRUE(queue.add(1, put(1)));
    queue.close();
    EXPECT_FALSE(queue.add(1, put(2)));
    EXPECT_FALSE(queue.try_add(1, 0, put(3)));
    EXPECT_FALSE(queue.finished());
    EXPECT_THAT(queue.take().value(), ElementsAre(1));
    EXPECT_TRUE(queue.finished());
    EXPECT_FALSE(queue.take());
}

TEST(commit_queue, gives_up_waiting_when_its_time_is_over) {
    commit_queue<numbers> queue;
    EXPECT_FALSE(queue.take(std::chrono::milliseconds{1}));
    EXPECT_FALSE(queue.finished());
}

TEST(commit_queue, lets_what_nobody_waits_for_gather_until_it_is_enough) {
    commit_queue<numbers> queue({.later_operations = 3, .later_wait = std::chrono::minutes{10}});
    std::thread producer([&queue] {
        for (int number = 0; number < 3; ++number) {
            queue.add_later(1, put(number));
        }
    });
    EXPECT_THAT(queue.take().value(), ElementsAre(0, 1, 2)) << "a batch of one is not worth a commit";
    producer.join();
}

TEST(commit_queue, sends_what_nobody_waits_for_along_with_what_somebody_does) {
    commit_queue<numbers> queue({.later_operations = 100, .later_wait = std::chrono::minutes{10}});
    queue.add_later(1, put(1));
    std::thread producer([&queue] { queue.add(1, put(2)); });
    EXPECT_THAT(queue.take().value(), ElementsAre(1, 2));
    producer.join();
    queue.add_later(1, put(3));
    ASSERT_TRUE(queue.try_add(1, 1, put(4)));
    EXPECT_THAT(queue.take().value(), ElementsAre(3, 4));
}

TEST(commit_queue, keeps_what_nobody_waits_for_only_so_long) {
    commit_queue<numbers> queue({.later_operations = 100, .later_wait = std::chrono::milliseconds{1}});
    queue.add_later(1, put(1));
    EXPECT_THAT(queue.take().value(), ElementsAre(1));
}

TEST(commit_queue, keeps_nothing_back_once_closed) {
    commit_queue<numbers> queue({.later_operations = 100, .later_wait = std::chrono::minutes{10}});
    queue.add_later(1, put(1));
    queue.close();
    EXPECT_THAT(queue.take().value(), ElementsAre(1));
}

TEST(commit_queue, loses_nothing_between_threads) {
    commit_queue<numbers> queue({.batch_operations = 7, .batch_bytes = 1000, .operations = 1 << 20, .bytes = 1 << 20});
    constexpr int each = 20'000;
    std::vector<std::thread> producers;
    for (int producer = 0; producer < 3; ++producer) {
        producers.emplace_back([&queue, producer] {
            for (int number = 0; number < each; ++number) {
                const bool urgent = number % 5 == 0;
                urgent ? queue.add(1, put(number * 3 + producer)) : queue.add_later(1, put(number * 3 + producer));
            }
        });
    }
    std::vector<int> next{0, 0, 0};
    for (int taken = 0; taken < 3 * each;) {
        const auto batch = queue.take();
        for (const int number : *batch) {
            EXPECT_EQ(number / 3, next[static_cast<std::size_t>(number % 3)]++);
            ++taken;
        }
    }
    for (auto& producer : producers) {
        producer.join();
    }
}

}  // namespace
}  // namespace posthaste
