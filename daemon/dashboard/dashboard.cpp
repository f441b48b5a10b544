#include "daemon/dashboard/dashboard.hpp"

#include <algorithm>
#include <string>

#include "lib/base/text.hpp"

namespace posthaste {

namespace {

constexpr std::string_view fields =
    "Cache-Control: no-cache\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n";

}  // namespace

void dashboard_handler::handle(std::shared_ptr<exchange> request) {
    const auto files = dashboard_files();
    const std::string_view path = request->head().path;
    const auto found =
        std::find_if(files.begin(), files.end(), [path](const dashboard_file& each) { return each.path == path; });
    if (found == files.end())
        return request->answer(problem{.status = 404,
                                       .name = "not-found",
                                       .detail = "The dashboard has no file " + printable(path) + ". It begins at /."});
    request->answer(
        response{.content_type = found->content_type, .fields = std::string(fields), .body = std::string(found->text)});
}

}  // namespace posthaste
