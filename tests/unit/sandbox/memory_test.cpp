#include <string>

#include <gtest/gtest.h>

#include "lib/sandbox/message_log.hpp"
#include "lib/sandbox/recent_keys.hpp"

namespace posthaste {
namespace {

slack_message message(const std::string& text) {
    return {"#c", text, "E", "U", wall_time{milliseconds{1'000}}};
}

TEST(recent_keys, know_a_key_again) {
    recent_keys seen(10);
    EXPECT_TRUE(seen.remember("a"));
    EXPECT_FALSE(seen.remember("a"));
    EXPECT_TRUE(seen.remember("b"));
}

TEST(recent_keys, forget_the_oldest_first_and_never_hold_more_than_their_bound) {
    recent_keys seen(3);
    for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(seen.remember("key " + std::to_string(i)));
    EXPECT_EQ(seen.size(), 3u);
    EXPECT_FALSE(seen.remember("key 997"));
    EXPECT_TRUE(seen.remember("key 996"));
}

TEST(message_log, shows_its_messages_oldest_first) {
    message_log log(10, 1000);
    EXPECT_EQ(log.json(), "[]\n");
    log.add(message("one \"1\""));
    log.add(message("two"));
    EXPECT_EQ(log.json(),
              R"([{"channel": "#c", "text": "one \"1\"", "event": "E", "userId": "U", "at": "1970-01-01T00:00:01.000Z"},
 {"channel": "#c", "text": "two", "event": "E", "userId": "U", "at": "1970-01-01T00:00:01.000Z"}]
)");
}

TEST(message_log, forgets_the_oldest_beyond_its_number) {
    message_log log(2, 1000);
    for (const char* text : {"one", "two", "three"})
        log.add(message(text));
    EXPECT_EQ(log.size(), 2u);
    EXPECT_EQ(log.json().find("one"), std::string::npos);
}

TEST(message_log, forgets_the_oldest_beyond_its_bytes_but_keeps_the_newest) {
    message_log log(100, 50);
    log.add(message(std::string(30, 'a')));
    log.add(message(std::string(30, 'b')));
    EXPECT_EQ(log.size(), 1u);
    log.add(message(std::string(500, 'c')));
    EXPECT_EQ(log.size(), 1u);
    EXPECT_NE(log.json().find("ccc"), std::string::npos);
}

TEST(terminal_line, shows_channel_and_text) {
    EXPECT_EQ(terminal_line(message("New ticket")), "[#c] New ticket");
}

TEST(terminal_line, lets_no_control_character_reach_the_terminal) {
    const std::string line = terminal_line(message("a\nb\x1b[31mc"));
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace posthaste
