#include "lib/base/log.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/log_sink.hpp"

namespace posthaste {
namespace {

const wall_time some_time{milliseconds{1795439109042}};

class small_pipe {
  public:
    small_pipe() {
        if (::pipe(ends_) != 0) std::abort();
        ::fcntl(ends_[1], F_SETPIPE_SZ, 2 * 4096);
    }
    ~small_pipe() {
        ::close(ends_[0]);
        close_writer();
    }
    small_pipe(const small_pipe&) = delete;
    small_pipe& operator=(const small_pipe&) = delete;

    int writer() const { return ends_[1]; }

    void close_writer() {
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }

    void set_blocking(bool blocking) { ::fcntl(ends_[1], F_SETFL, blocking ? 0 : O_NONBLOCK); }

    // Writes "#" until not one byte more goes in.
    void fill() {
        set_blocking(false);
        while (::write(ends_[1], "#", 1) == 1)
            continue;
        set_blocking(true);
    }

    // Reads until `end` has been read (then all that came so far is given) or the writer is closed.
    std::string read_until(std::string_view end) {
        char bytes[512];
        while (read_.find(end) == std::string::npos) {
            const ssize_t got = ::read(ends_[0], bytes, sizeof bytes);
            if (got <= 0) break;
            read_.append(bytes, static_cast<std::size_t>(got));
        }
        return read_;
    }

  private:
    int ends_[2];
    std::string read_;
};

// Puts a descriptor in the place of stderr for a while.
class stderr_replaced {
  public:
    explicit stderr_replaced(int descriptor) : saved_(::dup(STDERR_FILENO)) { ::dup2(descriptor, STDERR_FILENO); }
    ~stderr_replaced() {
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
    }
    stderr_replaced(const stderr_replaced&) = delete;
    stderr_replaced& operator=(const stderr_replaced&) = delete;

  private:
    int saved_;
};

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

TEST(log_line, has_time_and_level_as_text) {
    EXPECT_EQ(log_line(log_format::text, some_time, spdlog::level::info, "started"),
              "2026-11-23T13:05:09.042Z info  started\n");
    EXPECT_EQ(log_line(log_format::text, some_time, spdlog::level::warn, "x"), "2026-11-23T13:05:09.042Z warn  x\n");
    EXPECT_EQ(log_line(log_format::text, some_time, spdlog::level::err, "x"), "2026-11-23T13:05:09.042Z error x\n");
    EXPECT_EQ(log_line(log_format::text, some_time, spdlog::level::debug, "x"), "2026-11-23T13:05:09.042Z debug x\n");
}

TEST(log_line, is_one_object_as_json) {
    const std::string line = log_line(log_format::json, some_time, spdlog::level::warn, "the \"key\" is \\refused");
    EXPECT_EQ(line, R"({"time":"2026-11-23T13:05:09.042Z","level":"warn","message":"the \"key\" is \\refused"})"
                    "\n");
    EXPECT_EQ(nlohmann::json::parse(line)["message"], "the \"key\" is \\refused");
}

TEST(log_line, has_the_priorities_of_sd_daemon_for_the_journal) {
    EXPECT_EQ(log_line(log_format::journal, some_time, spdlog::level::err, "x"), "<3>x\n");
    EXPECT_EQ(log_line(log_format::journal, some_time, spdlog::level::warn, "x"), "<4>x\n");
    EXPECT_EQ(log_line(log_format::journal, some_time, spdlog::level::info, "x"), "<6>x\n");
    EXPECT_EQ(log_line(log_format::journal, some_time, spdlog::level::debug, "x"), "<7>x\n");
}

TEST(log_line, stays_one_line_whatever_the_message_holds) {
    for (const log_format format : {log_format::text, log_format::json, log_format::journal}) {
        const std::string line = log_line(format, some_time, spdlog::level::info, "a\nb\r\x1b[2J\u2028\xFF");
        EXPECT_EQ(count(line, "\n"), 1u);
        EXPECT_EQ(line.find_first_of("\r\x1b"), std::string::npos);
        EXPECT_EQ(line.find("\u2028"), std::string::npos);
    }
}

TEST(logging, writes_what_its_level_lets_through_before_it_stops) {
    small_pipe pipe;
    {
        const stderr_replaced replaced(pipe.writer());
        start_logging(log_level::info, log_format::journal);
        spdlog::debug("not this");
        spdlog::info("first of {}", 2);
        spdlog::warn("second");
        stop_logging();
        spdlog::error("too late");
    }
    pipe.close_writer();
    EXPECT_EQ(pipe.read_until("never"), "<6>first of 2\n<4>second\n");
}

TEST(logging, leaves_no_thread_behind) {
    const auto threads = [] {
        const std::filesystem::directory_iterator tasks("/proc/self/task");
        return std::distance(begin(tasks), end(tasks));
    };
    small_pipe pipe;
    const stderr_replaced replaced(pipe.writer());
    std::thread([] {}).join();  // with the first thread of a process ThreadSanitizer starts one of its own
    const auto before = threads();
    start_logging(log_level::info, log_format::json);
    spdlog::info("started");
    EXPECT_GT(threads(), before);
    stop_logging();
    EXPECT_EQ(threads(), before);
}

TEST(logging, waits_for_room_in_a_non_blocking_pipe_and_loses_no_half_line) {
    small_pipe pipe;
    pipe.fill();
    pipe.set_blocking(false);
    const std::string long_message(10'000, 'x');
    std::thread writer([&] {
        log_sink sink(pipe.writer(), log_format::journal, [] { return log_sink::queue_state{}; });
        sink.log({"posthaste", spdlog::level::info, long_message});
        sink.log({"posthaste", spdlog::level::info, "end"});
    });
    const std::string all = pipe.read_until("<6>end\n");
    writer.join();
    EXPECT_EQ(all.substr(all.find('<')), "<6>" + long_message + "\n<6>end\n");
}

TEST(logging, never_blocks_its_callers_and_can_be_stopped_while_the_pipe_is_stuck) {
    small_pipe pipe;
    pipe.fill();
    const stderr_replaced replaced(pipe.writer());
    start_logging(log_level::info, log_format::journal);
    for (int i = 0; i < 20'000; ++i)
        spdlog::info("nobody reads this {}", i);
    stop_logging();
}

TEST(logging, counts_the_lines_it_lost_and_says_so_once_there_is_room) {
    constexpr std::size_t logged = 20'000;
    small_pipe pipe;
    pipe.fill();
    std::string all;
    {
        const stderr_replaced replaced(pipe.writer());
        start_logging(log_level::info, log_format::journal);
        for (std::size_t i = 1; i <= logged; ++i)
            spdlog::info("line {}.", i);
        all = pipe.read_until("line " + std::to_string(logged) + ".\n");
        stop_logging();
    }
    const std::string_view report = "<4>log lines lost before this one, as they could not be written: ";
    ASSERT_EQ(count(all, report), 1u);
    const std::size_t lost = std::stoul(all.substr(all.find(report) + report.size()));
    EXPECT_GT(lost, 0u);
    EXPECT_EQ(lost + count(all, "<6>line "), logged);
}

TEST(logging, begins_a_new_line_after_one_that_was_cut_short) {
    ::signal(SIGXFSZ, SIG_IGN);
    std::FILE* file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    log_sink sink(::fileno(file), log_format::journal, [] { return log_sink::queue_state{}; });

    rlimit ordinary{};
    ::getrlimit(RLIMIT_FSIZE, &ordinary);
    const rlimit ten_bytes{10, ordinary.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &ten_bytes);  // the rest of the line fails as on a full disk
    sink.log({"posthaste", spdlog::level::info, "this does not fit"});
    ::setrlimit(RLIMIT_FSIZE, &ordinary);
    sink.log({"posthaste", spdlog::level::info, "this does"});

    char bytes[256];
    const ssize_t size = ::pread(::fileno(file), bytes, sizeof bytes, 0);
    std::fclose(file);
    ASSERT_GT(size, 0);
    EXPECT_EQ(std::string_view(bytes, static_cast<std::size_t>(size)),
              "<6>this do\n"
              "<4>log lines lost before this one, as they could not be written: 1\n"
              "<6>this does\n");
}

TEST(logging, survives_a_reader_that_is_gone) {
    ::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    log_sink sink(ends[1], log_format::text, [] { return log_sink::queue_state{}; });
    sink.log({"posthaste", spdlog::level::info, "into the void"});
    sink.flush();
    EXPECT_TRUE(sink.finish(milliseconds{1}));
    ::close(ends[1]);
}

TEST(repeat_guard, lets_one_line_through_a_minute_and_counts_the_rest) {
    repeat_guard guard;
    const steady_time start{};
    EXPECT_EQ(guard.admit(start), 0u);
    EXPECT_EQ(guard.admit(start + std::chrono::seconds{1}), std::nullopt);
    EXPECT_EQ(guard.admit(start + std::chrono::seconds{59}), std::nullopt);
    EXPECT_EQ(guard.admit(start + std::chrono::seconds{60}), 2u);
    EXPECT_EQ(guard.admit(start + std::chrono::seconds{61}), std::nullopt);
    EXPECT_EQ(guard.admit(start + std::chrono::seconds{180}), 1u);
}

}  // namespace
}  // namespace posthaste
