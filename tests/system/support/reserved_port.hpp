// A TCP port of 127.0.0.1 for a server that is started, and perhaps stopped and started again, by the test: the kernel
// gives it to nobody who asks for any, and refuses connections to it while no server listens.

#pragma once

#include <cstdint>

namespace posthaste {

class reserved_port {
  public:
    reserved_port();
    ~reserved_port();

    reserved_port(const reserved_port&) = delete;
    reserved_port& operator=(const reserved_port&) = delete;

    // For a server that sets SO_REUSEADDR, as they all do.
    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }
    // Whether somebody listens there.
    [[nodiscard]] bool answers() const;

  private:
    std::uint16_t number_ = 0;
    int reservation_ = -1;  // bound, never listening
};

}  // namespace posthaste
