// An upstream for the tests: recording_upstream PORT REQUESTS SCRIPT [CERTIFICATE KEY [tls1.1]]
//
// Speaks HTTP/1.1 with keep-alive on 127.0.0.1:PORT, appends each request to the file REQUESTS before it answers
// ("connection status microseconds size\n", the time being of the epoch, and the request's bytes), and does with it
// what the file SCRIPT says. A thread a connection; it is ended by a signal. With "tls1.1" it offers no newer version.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/system/recording_upstream/byte_stream.hpp"
#include "tests/system/recording_upstream/script.hpp"

namespace posthaste {

namespace {

struct upstream {
    int requests = -1;  // the file
    script plan;
    std::mutex recording{};
};

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

std::size_t body_size(std::string_view head) {
    static constexpr std::string_view name = "\r\ncontent-length:";
    for (std::size_t at = 0; at + name.size() < head.size(); ++at)
        if (strncasecmp(head.data() + at, name.data(), name.size()) == 0)
            return std::strtoul(head.data() + at + name.size(), nullptr, 10);
    return 0;
}

bool read_head(byte_stream& stream, std::string& buffer, std::size_t& head_end) {
    while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos)
        if (!stream.read(buffer)) return false;
    return true;
}

// The rest of the request whose head was read: its bytes, taken from the buffer; empty at the end of the connection.
std::string read_request(byte_stream& stream, std::string& buffer, std::size_t head_end) {
    const std::size_t size = head_end + 4 + body_size(std::string_view(buffer).substr(0, head_end));
    while (buffer.size() < size)
        if (!stream.read(buffer)) return {};
    std::string request = buffer.substr(0, size);
    buffer.erase(0, size);
    return request;
}

void record(upstream& self, std::uint64_t connection, int status, const std::string& request) {
    const std::lock_guard lock(self.recording);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string entry = std::to_string(connection) + " " + std::to_string(status) + " " +
                              std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()) + " " +
                              std::to_string(request.size()) + "\n" + request;
    if (write(self.requests, entry.data(), entry.size()) != static_cast<ssize_t>(entry.size())) fail("write");
}

// The answer, in the way that the step says; false: the connection is to be closed.
bool answer(byte_stream& stream, const script_step& step, std::string& buffer) {
    std::this_thread::sleep_for(std::chrono::milliseconds{step.after_ms});
    if (step.what == "answer") return stream.write(step.bytes) && !step.closes;
    if (step.what == "silent")
        while (stream.read(buffer))
            continue;
    if (step.what == "cut") stream.write(std::string_view(step.bytes).substr(0, step.bytes.size() / 2));
    if (step.what == "reset") stream.reset_at_close();
    if (step.what == "trickle")
        for (const char& byte : step.bytes) {
            if (!stream.write({&byte, 1})) break;
            std::this_thread::sleep_for(std::chrono::milliseconds{step.after_ms});
        }
    if (step.what == "flood" && stream.write(step.bytes)) {
        const std::string block(1 << 20, 'x');
        for (int blocks = 0; blocks < 1024 && stream.write(block); ++blocks)
            continue;
    }
    return false;
}

void serve(upstream& self, int socket, SSL_CTX* tls, std::uint64_t connection) {
    byte_stream stream(socket, tls);
    if (self.plan.closes_unread() || !stream.open()) return;
    std::string buffer;
    for (std::size_t head_end = 0; read_head(stream, buffer, head_end);) {
        if (const auto early = self.plan.answers_early()) {
            record(self, connection, early->status, buffer.substr(0, head_end + 4));
            stream.write(early->bytes);
            return;
        }
        const std::string request = read_request(stream, buffer, head_end);
        if (request.empty()) return;
        const script_step step = self.plan.next(request);
        record(self, connection, step.what == "answer" ? step.status : 0, request);
        if (!answer(stream, step, buffer)) return;
    }
}

int listen_on(std::uint16_t port) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
    if (listen(listener, 1024) != 0) fail("listen");
    return listener;
}

}  // namespace

}  // namespace posthaste

int main(int count, char** arguments) {
    using namespace posthaste;
    if (count < 4) return 2;
    std::signal(SIGPIPE, SIG_IGN);
    SSL_CTX* tls = make_server_context(count > 5 ? arguments[4] : "", count > 5 ? arguments[5] : "",
                                       count > 6 && std::string_view(arguments[6]) == "tls1.1");
    upstream self{open(arguments[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), script(arguments[3])};
    const int listener = listen_on(static_cast<std::uint16_t>(std::atoi(arguments[1])));
    std::puts("listening");
    std::fflush(stdout);
    for (std::uint64_t connection = 1;; ++connection) {
        const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) fail("accept");
        const int yes = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        std::thread(serve, std::ref(self), socket, tls, connection).detach();
    }
}
