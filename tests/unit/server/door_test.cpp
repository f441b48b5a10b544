// Unix sockets: who may come in, what is behind the file already, and what becomes of it at the end.

#include "daemon/server/door.hpp"

#include <filesystem>

#include <boost/asio/local/stream_protocol.hpp>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/system/support/temp_folder.hpp"
#include "tests/unit/server/served.hpp"

namespace posthaste {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class unix_door : public served {
  protected:
    unix_door() { options.listen.addresses = {{"127.0.0.1", 0}, {.socket_path = path}}; }

    std::optional<http_answer> asked(const std::string& request) const {
        raw_socket connection(0, path);
        if (!connection.send(request)) return {};
        return connection.read_answer();
    }
    // What opening a second listener there says.
    result<void, start_failure> opened_again() {
        listener second(io, options, routes);
        return second.open();
    }

    const temp_folder folder;
    const std::string path = folder / "posthaste.sock";
};

TEST_F(unix_door, serves_its_user_and_group_beside_a_port) {
    start();
    EXPECT_THAT(door->addresses(), ElementsAre("http://127.0.0.1:" + std::to_string(port), "unix:" + path));
    struct stat facts{};
    ASSERT_EQ(stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0660U);
    EXPECT_EQ(asked("GET /echo/a HTTP/1.1\r\nHost: anything.example\r\n\r\n")->body, "/echo/a ");
    raw_socket over_tcp = connect();
    expect_open(over_tcp);
}

TEST_F(unix_door, holds_pages_of_other_origins_out_and_wants_one_host) {
    start();
    EXPECT_EQ(status_of(asked("GET /echo/a HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\n\r\n")), 403);
    EXPECT_EQ(status_of(asked("GET /echo/a HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\n\r\n")), 200);
    EXPECT_EQ(status_of(asked("GET /echo/a HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: cross-site\r\n\r\n")), 403);
    EXPECT_EQ(status_of(asked("GET /echo/a HTTP/1.1\r\n\r\n")), 400);
    EXPECT_EQ(status_of(asked("GET /echo/a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")), 400);
}

TEST_F(unix_door, replaces_what_a_process_left_behind) {
    {
        boost::asio::io_context other;
        boost::asio::local::stream_protocol::acceptor left(other, boost::asio::local::stream_protocol::endpoint(path));
    }
    ASSERT_TRUE(std::filesystem::is_socket(path));
    start();
    EXPECT_EQ(status_of(asked("GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
}

TEST_F(unix_door, leaves_one_alone_that_somebody_listens_behind) {
    start();
    const auto again = opened_again();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, exit_code::locked_or_in_use);
    EXPECT_THAT(again.error().message, HasSubstr("cannot listen on unix:" + path + ": another process listens there"));
    EXPECT_EQ(status_of(asked("GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
}

TEST_F(unix_door, leaves_a_file_alone_that_is_no_socket) {
    folder.write("posthaste.sock", "precious");
    const auto opened = opened_again();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, exit_code::failed);
    EXPECT_THAT(opened.error().message, HasSubstr("there is a file that is no socket"));
    EXPECT_EQ(read_whole_file(path), "precious");
}

TEST_F(unix_door, tells_that_its_folder_is_not_there) {
    options.listen.addresses = {{.socket_path = "/nowhere/posthaste.sock"}};
    const auto opened = opened_again();
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("cannot listen on unix:/nowhere/posthaste.sock: No such file"));
}

TEST_F(unix_door, takes_its_file_away_at_the_end_and_nobody_elses) {
    start();
    std::atomic<bool> stopped = false;
    on_thread([&] { door->stop([&] { stopped = true; }); });
    ASSERT_TRUE(wait_until([&] { return stopped.load(); }));
    EXPECT_FALSE(std::filesystem::exists(path));

    listener again(io, options, routes);
    ASSERT_TRUE(again.open());
    std::filesystem::remove(path);
    folder.write("posthaste.sock", "somebody else's");
    stopped = false;
    on_thread([&] { again.stop([&] { stopped = true; }); });
    ASSERT_TRUE(wait_until([&] { return stopped.load(); }));
    EXPECT_TRUE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace posthaste
