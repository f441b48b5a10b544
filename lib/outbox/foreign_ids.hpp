// Events whose id carries another number than theirs, as it was given by another outbox (an import): id → number.
//
// A row goes when the last that is kept of its event goes; it is found by what is about to be dropped, so that this
// needs no index of its own.

#pragma once

#include <cstdint>
#include <optional>

#include "lib/outbox/sqlite.hpp"

namespace posthaste {

class foreign_ids {
  public:
    [[nodiscard]] sqlite_result prepare(sqlite_connection& database);

    // True: the id is new. False: it stood for an event that is over, and stands for this one from now on.
    [[nodiscard]] result<bool, sqlite_error> note(const uuid& id, sequence number);
    [[nodiscard]] result<std::optional<sequence>, sqlite_error> find(const uuid& id);

    enum class home { pending, dead };
    // Before the rows first ≤ number ≤ last of that table are dropped; an id that stands for another event by now
    // stays. Returns how many ids it forgot.
    [[nodiscard]] result<std::uint64_t, sqlite_error> forget(home table, sequence first, sequence last);
    // The same for one that is dropped.
    [[nodiscard]] result<std::uint64_t, sqlite_error> forget(const uuid& id, sequence number);

  private:
    sqlite_connection* database_ = nullptr;
    sqlite_statement note_;
    sqlite_statement change_;
    sqlite_statement find_;
    sqlite_statement forget_pending_;
    sqlite_statement forget_one_;
    sqlite_statement forget_dead_;
};

}  // namespace posthaste
