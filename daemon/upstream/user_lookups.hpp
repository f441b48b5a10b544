// Asks the upstream for users (GET /users/{username}), at most four at once, over connections of its own: apart from
// the events', of whose concurrency it takes nothing and whose health it does not judge. The same question asked again
// meanwhile is asked once.
//
// Belongs to the io_context's thread.

#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "daemon/upstream/pool.hpp"
#include "lib/identity/identity_rules.hpp"

namespace posthaste {

class user_lookups final : private attempt_listener {
  public:
    using reply = std::function<void(lookup_outcome)>;

    // `may_ask`: whether the upstream may be asked at all now, which whoever calls ask() has seen to.
    user_lookups(boost::asio::io_context& io, std::function<instant()> now, std::function<bool()> may_ask);

    user_lookups(const user_lookups&) = delete;
    user_lookups& operator=(const user_lookups&) = delete;

    // Before the first ask(), and whenever the upstream changes.
    void use(std::shared_ptr<const upstream_peer> peer);
    // Replies once, maybe at once: with what the upstream answered, or not asked where too many wait already.
    void ask(user_lookup what, reply then);
    // All who wait are told that the upstream was not asked; closes the connections.
    void close();
    [[nodiscard]] std::size_t connections() const noexcept { return pool_.connections(); }

  private:
    static constexpr std::size_t most_at_once = 4;
    static constexpr std::size_t most_waiting = 256;

    struct question {
        user_lookup what;
        std::vector<reply> replies;
        std::string target{};  // of the peer that is asked
    };

    void attempt_ended(std::uint32_t place, attempt_outcome outcome) override;
    void attempt_unsent(std::uint32_t place) override;
    void end(std::uint32_t place, lookup_outcome outcome);
    void send(std::uint32_t place, bool on_a_new_connection);
    [[nodiscard]] question* find(const user_lookup& what);
    void start(std::size_t place, question next);
    static void answer(const question& of, const lookup_outcome& outcome);

    std::function<bool()> may_ask_;
    std::shared_ptr<const upstream_peer> peer_;
    upstream_pool pool_;
    std::array<std::optional<question>, most_at_once> running_;
    std::deque<question> waiting_;
};

}  // namespace posthaste
