#include "daemon/commands/key_answer.hpp"

#include <algorithm>
#include <utility>

#include "daemon/upstream/tunnel.hpp"
#include "lib/base/text.hpp"
#include "lib/delivery/answer_text.hpp"

namespace posthaste {

namespace {

check_step passed(std::string detail) {
    return {"key", exit_code::done, std::move(detail)};
}

check_step warned(std::string detail) {
    return {"key", exit_code::done, std::move(detail), true};
}

check_step failed(std::string detail) {
    return {"key", exit_code::failed, std::move(detail)};
}

// Safe to show: the query and what stands before a host's "@" may be secrets, and the key may be quoted, which is
// hidden first, as it may hold what the others end with.
std::string shown(const upstream_settings& upstream, const key_answer& answer) {
    std::string location = without_key(answer.status, answer.location, upstream.api_key);
    location.erase(std::min(location.find_first_of("?#"), location.size()));
    const auto slashes = location.find("//");
    if (slashes == 0 || (slashes != std::string::npos && location[slashes - 1] == ':')) {
        const auto host = slashes + 2;
        const auto at = location.substr(0, location.find('/', host)).rfind('@');
        if (at != std::string::npos && at >= host) location.erase(host, at + 1 - host);
    }
    return printable(location);
}

check_step redirected(const upstream_settings& upstream, const key_answer& answer, const std::string& answered) {
    const auto location = shown(upstream, answer);
    return failed("not judged: " + answered + " and redirects " +
                  (location.empty() ? "without saying where to" : "to " + location) +
                  "; redirects are never followed, as the key must not leave for another host, and delivery pauses: "
                  "set upstream.url to the right address, without " +
                  std::string(key_question));
}

check_step asked_for_credentials(const upstream_settings& upstream, const std::string& asked) {
    if (is_read_by_proxy(upstream))
        return failed(printable(tunnel_refusal("the proxy", upstream.url.text(), 407), 1024));
    const auto answered =
        "not judged: " + asked + " was answered 407, as by a proxy that asks for credentials, and upstream.proxy ";
    if (!upstream.proxy)
        return failed(answered +
                      "is not set: set it, with its credentials, if there is a proxy on the way; else check "
                      "upstream.url");
    return failed(answered +
                  "had let us through: the answer came from behind it. Check that upstream.url leads to the upstream, "
                  "and ask those who run it");
}

}  // namespace

bool is_read_by_proxy(const upstream_settings& upstream) {
    return upstream.proxy && !upstream.url.tls;  // of TLS it only carries the bytes
}

check_step judge_key(const upstream_settings& upstream, const key_answer& answer) {
    const int status = answer.status;
    const auto number = std::to_string(status);
    const auto asked = "GET " + printable(upstream.url.path_prefix) + std::string(key_question);
    const auto source = printable(upstream.api_key_source);
    // A proxy that reads the question may answer for an upstream that it does not reach.
    const std::string answered =
        (is_read_by_proxy(upstream) ? "the upstream, or the proxy, answered " : "the upstream answered ") + number +
        " to " + asked;

    if (status == 407) return asked_for_credentials(upstream, asked);
    if (status == 401 || status == 403)
        return failed("refused (answered " + number + "): check the key from " + source +
                      (is_read_by_proxy(upstream) ? ", and the credentials in upstream.proxy" : ""));
    if (status == 402)
        return failed("refused (answered 402): the account of the key from " + source +
                      " is not paid for, and delivery pauses: see to the account, or take the key of another");
    if (status == 404 || status == 405)
        return warned("not refused, but answered " + number + " to " + asked +
                      ": either there is no such user, or upstream.url leads elsewhere (delivery pauses with wrong-url "
                      "then)");
    if (status == 408 || status == 425 || status == 429)
        return warned("not judged: " + answered +
                      ", which asks for patience, and delivery tries again then. Wait a minute, and check again");
    if (status == 421)
        return failed("not judged: " + answered +
                      ": it is not the server of that name: check upstream.url, and where its name leads");
    if (status >= 400 && status < 500)
        return warned("not refused, but " + answered + ", as no upstream should: check that upstream.url leads to it");
    if (status < 200 || status > 599)
        return failed("not judged: " + answered +
                      ", which means nothing in HTTP: check that upstream.url leads to the upstream");
    if (status >= 500)
        return failed("not judged: " + answered +
                      (is_read_by_proxy(upstream) ? ": it cannot be reached from there, or takes no events now"
                                                  : ": it can be reached, and takes no events now") +
                      ". They wait, and go out by themselves once it does; if it lasts, ask those who run it");
    if (status >= 300 && status < 400) return redirected(upstream, answer, answered);
    return passed("accepted (answered " + number + " to " + asked + ")");
}

}  // namespace posthaste
