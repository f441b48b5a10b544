// What the files of an outbox still lack of the room that a run takes for them before it accepts anything (room.hpp),
// told from the files alone, whether a daemon uses them or not.
//
// Any thread.

#pragma once

#include <cstdint>
#include <string>

namespace posthaste {

// In bytes, beside what the files take on their disk. All of it where there is no outbox yet; where the file system
// cannot keep room, at most what an outbox needs to grow into.
[[nodiscard]] std::uint64_t room_lacked_at_rest(const std::string& path);

}  // namespace posthaste
