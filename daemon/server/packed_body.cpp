#include "daemon/server/packed_body.hpp"

#include "daemon/server/admission.hpp"

namespace posthaste {
namespace {

constexpr std::size_t a_step = 64 * 1024;

}  // namespace

std::optional<problem> unpack(exchange& request, const handler& to) {
    gunzip packed(request.body(), to.body_limit());
    auto found = gunzip::state::more;
    while (found == gunzip::state::more) {
        const std::size_t had = packed.text().size();
        found = packed.unpack(a_step);
        if (!request.take_memory(packed.text().size() - had)) return no_room_for_bodies();
    }
    if (auto wrong = problem_of(found, to)) return wrong;
    request.body() = packed.take();
    return {};
}

std::optional<problem> problem_of(gunzip::state found, const handler& to) {
    switch (found) {
        case gunzip::state::too_large: {
            problem what = body_too_large(to);
            what.close = false;  // it was read to its end
            return what;
        }
        case gunzip::state::broken:
            return problem{.status = 400,
                           .name = "malformed-gzip",
                           .detail =
                               "The body was announced with Content-Encoding: gzip and is no whole gzip stream: it "
                               "is cut off, damaged, or followed by something else. Nothing was stored."};
        case gunzip::state::more:
        case gunzip::state::whole:
            break;
    }
    return {};
}

}  // namespace posthaste
