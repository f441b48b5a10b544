#include "lib/outbox/fitting.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace posthaste {
namespace {

using settlements = std::span<const settlement>;

result<bool, sqlite_error> settlements_fit(outbox& box, settlements what) {
    return fits(box, [&]() -> sqlite_result {
        const auto done = box.settle(what, retention::suspended);
        return done ? sqlite_result{} : done.error();
    });
}

// How many are written before one that does not fit.
result<std::size_t, sqlite_error> settle_each(outbox& box, settlements what) {
    for (std::size_t at = 0; at < what.size(); ++at) {
        const auto fitted = settlements_fit(box, what.subspan(at, 1));
        if (!fitted) {
            return fitted.error();
        }
        if (!*fitted) {
            return at;
        }
    }
    return what.size();
}

// Each kind in the order in which it came.
void put_in_order(std::vector<settlement>& what) {
    const auto turn = [](const settlement& one) {
        using kind = settlement::kind;
        return one.what == kind::dead ? 1 : one.what == kind::failed ? 2 : 0;
    };
    std::vector<settlement> ordered;
    ordered.reserve(what.size());
    for (const int now : {0, 1, 2}) {
        for (settlement& one : what) {
            if (turn(one) == now) {
                ordered.push_back(std::move(one));
            }
        }
    }
    what = std::move(ordered);
}

result<bool, sqlite_error> may_be_given_up(outbox& box, const settlement& first) {
    const bool failed = first.what == settlement::kind::failed;
    return failed ? fits(box, [&box] { return box.touch(); }) : result<bool, sqlite_error>{false};
}

}  // namespace

result<std::size_t, sqlite_error> settle_in_slices(outbox& box, std::vector<settlement>& what) {
    constexpr std::size_t slice_size = 64;
    put_in_order(what);
    std::size_t at = 0;
    while (at < what.size()) {
        const auto slice = settlements{what}.subspan(at, std::min(slice_size, what.size() - at));
        const auto fitted = settlements_fit(box, slice);
        if (!fitted) {
            return fitted.error();
        }
        const auto done = *fitted ? result<std::size_t, sqlite_error>{slice.size()} : settle_each(box, slice);
        if (!done) {
            return done.error();
        }
        at += *done;
        if (*done < slice.size()) {
            const auto given_up = may_be_given_up(box, what[at]);
            if (!given_up) {
                return given_up.error();
            }
            return *given_up ? what.size() : at;
        }
    }
    return at;
}

}  // namespace posthaste
