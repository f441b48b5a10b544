#include "daemon/store/long_read.hpp"

#include <algorithm>
#include <iterator>

namespace posthaste {
namespace {

constexpr milliseconds longest_turn{1};

auto& found_in(list_page& page) {
    return page.events;
}

auto& found_in(selection_page& page) {
    return page.numbers;
}

void go_on_behind(list_request& request, sequence last) {
    request.before = last;
}

void go_on_behind(selection_request& request, sequence last) {
    request.after = last;
}

result<list_page, sqlite_error> slice(outbox& box, const list_request& request, wall_time now) {
    return box.list(request, now);
}

result<selection_page, sqlite_error> slice(outbox& box, const selection_request& request, wall_time /*now*/) {
    return box.select(request);
}

template <class Page, class Request>
result<Page, sqlite_error> read_slices(outbox& box, Request request, const std::function<instant()>& now) {
    const instant began = now();
    const std::size_t wanted = request.limit;
    result<Page, sqlite_error> page = slice(box, request, began.wall);
    while (page && !page->reached_end && found_in(*page).size() < wanted &&
           now().steady - began.steady < longest_turn) {
        go_on_behind(request, page->last);
        request.limit = wanted - found_in(*page).size();
        auto more = slice(box, request, began.wall);
        if (!more) {
            return more.error();
        }
        std::ranges::move(found_in(*more), std::back_inserter(found_in(*page)));
        page->last = more->last;
        page->reached_end = more->reached_end;
    }
    return page;
}

}  // namespace

result<list_page, sqlite_error> read_long(outbox& box, list_request request, const std::function<instant()>& now) {
    return read_slices<list_page>(box, std::move(request), now);
}

result<selection_page, sqlite_error> read_long(outbox& box, selection_request request,
                                               const std::function<instant()>& now) {
    return read_slices<selection_page>(box, std::move(request), now);
}

}  // namespace posthaste
