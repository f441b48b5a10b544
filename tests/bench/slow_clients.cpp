// Slow clients, in a crowd, until it is killed: slow_clients PORT CLIENTS
//
// Half of them send a head, half a body of 1 MiB, a byte a second each, and connect again when they were closed. Says
// so once all have connected.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <thread>

#include "tests/system/support/slow_crowd.hpp"

int main(int count, char** arguments) {
    if (count != 3) {
        std::fputs("usage: slow_clients PORT CLIENTS\n", stderr);
        return 2;
    }
    const auto port = static_cast<std::uint16_t>(std::atoi(arguments[1]));
    const auto clients = static_cast<std::size_t>(std::atoi(arguments[2]));
    constexpr std::size_t shifts = 20;  // so that they do not all send at once
    const std::string head = "POST /run/event HTTP/1.1\r\nHost: localhost\r\nX-Slow: aaaa";
    const std::string body =
        "POST /run/event HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 1000000\r\n\r\n{\"event\": \"aaaa";
    std::deque<posthaste::slow_crowd> crowd;
    for (std::size_t i = 0; i < shifts; ++i)
        crowd.emplace_back(port, clients / shifts, std::vector{head, body});
    for (posthaste::slow_crowd& shift : crowd)
        shift.turn(clients);
    std::puts("all have connected");
    std::fflush(stdout);
    for (std::size_t i = 0;; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{1000} / shifts);
        crowd[i % shifts].turn(clients);
    }
}
