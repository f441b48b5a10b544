#include "daemon/upstream/address_book.hpp"

#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/basic_resolver.hpp>

namespace posthaste {

namespace {

// Long enough for a burst of new connections, short enough to follow a name that moves.
constexpr seconds kept_for{10};

using resolver = boost::asio::ip::basic_resolver<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

}  // namespace

struct address_book::state {
    state(boost::asio::io_context& io, std::string host_name, std::uint16_t port_number)
        : names(io.get_executor()), host(std::move(host_name)), port(port_number) {}

    resolver names;
    std::string host;
    std::uint16_t port;
    bool fixed = false;
    addresses known;
    steady_time known_since;
    std::vector<reply> waiting;
};

address_book::address_book(boost::asio::io_context& io, std::string host, std::uint16_t port)
    : state_(std::make_shared<state>(io, std::move(host), port)) {
    boost::system::error_code no_literal;
    const auto address = boost::asio::ip::make_address(state_->host, no_literal);
    state_->fixed = !no_literal;
    if (state_->fixed) state_->known = {{address, port}};
}

address_book::address_book(boost::asio::io_context& io, addresses fixed)
    : state_(std::make_shared<state>(io, std::string(), 0)) {
    state_->fixed = true;
    state_->known = std::move(fixed);
}

void address_book::lookup(reply to) {
    if (!state_->known.empty() &&
        (state_->fixed || std::chrono::steady_clock::now() - state_->known_since < kept_for)) {
        to({}, state_->known);
        return;
    }
    state_->waiting.push_back(std::move(to));
    if (state_->waiting.size() > 1) return;  // under way
    state_->names.async_resolve(state_->host, std::to_string(state_->port),
                                boost::asio::ip::resolver_base::numeric_service,
                                [kept = state_](boost::system::error_code failed, const resolver::results_type& found) {
                                    kept->known.clear();
                                    for (const auto& entry : found)
                                        kept->known.push_back(entry.endpoint());
                                    if (!failed && kept->known.empty()) failed = boost::asio::error::host_not_found;
                                    kept->known_since = std::chrono::steady_clock::now();
                                    const addresses now_known = kept->known;
                                    for (const reply& next : std::exchange(kept->waiting, {}))
                                        next(failed, now_known);
                                });
}

void address_book::forget() {
    if (!state_->fixed) state_->known.clear();
}

}  // namespace posthaste
