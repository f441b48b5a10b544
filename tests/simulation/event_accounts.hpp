// What became of each event so far, and what is allowed to become of it next: attempts as they are counted, when it may
// be sent again, who comes before it. Told from the answers alone, and held against what the machine settles.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "lib/delivery/delivery_machine.hpp"
#include "tests/simulation/promises.hpp"

namespace posthaste::simulation {

// What an answer has to lead to.
struct conclusion {
    attempt_outcome outcome;
    verdict meaning = verdict::retry;
    bool counted = true;               // false: a hold's or a pause's
    std::optional<steady_time> due{};  // of what is not counted
};

class event_accounts {
  public:
    event_accounts(const retry_settings& retry, std::size_t users) : retry_(retry), lanes_(users) {}

    // A run begins with what is stored.
    void begin(const std::map<sequence, pending_event>& stored, instant now);
    void appended(sequence number, std::size_t user);
    // From now on times read back from disk mean nothing.
    void wall_jumped() { jumped_ = true; }
    // Another ordering: until the next run it is not known from outside what waits for what.
    void reordered() { mixed_ = true; }

    void started(const start_attempt& attempt, sequence number, ordering order, steady_time now, promises& kept);
    void ended(sequence number, const conclusion& expected, const std::vector<settlement>& settled, instant now,
               promises& kept);
    // No answer came before its kept connection was closed, or one about a key that is not used any more: as if it had
    // not been sent.
    void unanswered(sequence number, const std::vector<settlement>& settled, promises& kept);

    // A person had these taken out: those in flight stay, the others are discarded.
    void withdrawn(const std::vector<sequence>& asked, const std::vector<settlement>& settled, std::size_t in_flight,
                   promises& kept);
    // A person wants this one sent.
    void hastened(sequence number, const std::vector<settlement>& settled, instant now, promises& kept);

    [[nodiscard]] std::uint32_t conflicts(sequence number) { return accounts_[number].conflicts; }
    // The first of the user's events that is not through.
    [[nodiscard]] std::optional<sequence> head(std::size_t user) const;
    [[nodiscard]] std::size_t user_of(sequence number) { return accounts_[number].user; }
    // The user's head waits for nothing of its own, for all that is known.
    [[nodiscard]] bool head_is_due(std::size_t user, steady_time now) const;
    // When some head is due at the latest; empty: there is none, or the clocks tell nothing.
    [[nodiscard]] std::optional<steady_time> latest_due(const std::vector<bool>& users) const;

  private:
    struct account {
        std::size_t user = 0;
        std::uint32_t attempts = 0;
        std::uint32_t conflicts = 0;
        std::uint32_t sent = 0;  // in this run
        std::optional<wall_time> first_failed{};
        std::optional<int> last_status{};
        steady_time earliest{};  // that it may be sent again
        steady_time due{};
        bool in_flight = false;
        bool unanswered = false;  // the last that was sent
        bool through = false;
    };

    void check_failed(account& of, sequence number, const conclusion& expected, const settlement& what, instant now,
                      promises& kept);
    [[nodiscard]] bool may_expire(const account& of, instant now) const;
    [[nodiscard]] bool must_expire(const account& of, instant now) const;
    void finish(account& done, sequence number);

    retry_settings retry_;
    bool jumped_ = false;
    bool mixed_ = false;  // what waited without order holds its lane up until all of it is over
    std::map<sequence, account> accounts_;
    std::vector<std::set<sequence>> lanes_;  // what is not through, by user
};

[[nodiscard]] std::string name_of_user(std::size_t user);

}  // namespace posthaste::simulation
