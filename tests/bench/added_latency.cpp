// How long an event takes from its acknowledgement to the upstream's socket while nothing else is going on:
// added_latency ACCEPT_PORT UPSTREAM_PORT EVENTS
//
// Is both the app and the upstream of a running posthaste, on one thread: posts an event, waits until the 202 has come
// and the request has reached the upstream's socket, answers it, and rests for a moment. Prints the median and the 99th
// percentile of "on the upstream's socket" minus "202 read", in microseconds; less than nothing counts as nothing.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using steady = std::chrono::steady_clock;

constexpr int most_wait_ms = 10'000;
constexpr int rest_ms = 5;  // long enough for every thread to have gone to sleep

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int listen_on(int port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in address = loopback(port);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
    if (::listen(listener, 16) != 0) fail("listen");
    return listener;
}

int connect_to(int port) {
    const int connected = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(port);
    if (::connect(connected, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const int yes = 1;
    ::setsockopt(connected, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return connected;
}

void write_all(int to, const std::string& text) {
    if (::send(to, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) fail("send");
}

// What is there, at once: a request or an answer this small comes whole.
void read_some(int from) {
    char buffer[16 * 1024];
    if (::recv(from, buffer, sizeof buffer, 0) <= 0) fail("recv");
}

// Posts one event; gives what passed between the two.
double added_us(int app, int listener, int& upstream, const std::string& post) {
    write_all(app, post);
    steady::time_point acknowledged{};
    steady::time_point arrived{};
    while (acknowledged == steady::time_point{} || arrived == steady::time_point{}) {
        pollfd waiting[] = {{app, POLLIN, 0}, {upstream < 0 ? listener : upstream, POLLIN, 0}};
        if (::poll(waiting, 2, most_wait_ms) <= 0) fail("nothing came");
        const auto now = steady::now();
        if (waiting[0].revents != 0) {
            read_some(app);
            acknowledged = now;
        }
        if (waiting[1].revents == 0) continue;
        if (upstream < 0) {
            upstream = ::accept(listener, nullptr, nullptr);
            continue;
        }
        read_some(upstream);
        arrived = now;
    }
    write_all(upstream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    return std::max(std::chrono::duration<double, std::micro>(arrived - acknowledged).count(), 0.0);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) return 2;
    const int listener = listen_on(std::atoi(arguments[2]));
    const int app = connect_to(std::atoi(arguments[1]));
    const int events = std::atoi(arguments[3]);
    const std::string body =
        R"({"event": "Ticket Created", "userId": "10101010101010", "data": {"ticketName": "Refund request", )"
        R"("customerEmail": "ada@example.com", "description": "Please help"}})";
    const std::string post = "POST /run/event HTTP/1.1\r\nHost: 127.0.0.1:" + std::string(arguments[1]) +
                             "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                             "\r\n\r\n" + body;
    int upstream = -1;
    std::vector<double> all;
    for (int event = 0; event <= events; ++event) {
        const double added = added_us(app, listener, upstream, post);
        if (event > 0) all.push_back(added);  // the first one opens the connection
        ::poll(nullptr, 0, rest_ms);
    }
    std::sort(all.begin(), all.end());
    std::printf("%.0f %.0f\n", all[all.size() / 2], all[all.size() * 99 / 100]);
}
