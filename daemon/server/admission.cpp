#include "daemon/server/admission.hpp"

#include "lib/base/quantity.hpp"
#include "lib/base/sha256.hpp"
#include "lib/http/bearer.hpp"
#include "lib/http/content_type.hpp"
#include "lib/http/gunzip.hpp"
#include "lib/http/query_string.hpp"

namespace posthaste {

namespace {

problem unauthorized(std::string what) {
    return {.status = 401,
            .name = "unauthorized",
            .detail = "The request " + std::move(what) +
                      ". Send the header Authorization: Bearer TOKEN with a token of listen.access_tokens_file "
                      "(posthaste's own commands: --token-file).",
            .wants_token = true};
}

problem forbidden() {
    return {.status = 403,
            .name = "forbidden",
            .detail =
                "The token is an application's: it may send events, look users up and read receipts. This call "
                "takes an operator's token."};
}

// Who sent a request that asks for `needed`; nothing is asked for where no tokens are configured.
std::optional<problem> identify(const request_head& head, const access_tokens& tokens, access_scope needed,
                                caller& by) {
    by.token_digest.clear();
    by.scope = access_scope::operators;
    if (tokens.empty()) return {};
    by.scope = access_scope::anyone;
    if (needed == access_scope::anyone) return {};
    const auto token = bearer_token(head);
    if (!token) return unauthorized(std::string(token.error()));
    const sha256_digest digest = sha256(*token);
    const access_token* known = find_token(tokens, digest);
    if (!known) return unauthorized("has a token that is not known here");
    if (known->scope < needed) return forbidden();
    by.scope = known->scope;
    by.token_digest.assign(bytes_of(digest));
    return {};
}

// What an operator's call that changes something is about stands in its path or its body. A filter in the query that
// was passed over would be no filter: the call would change everything.
std::optional<problem> refuse_query(const request_head& head, const route& found) {
    if (found.scope != access_scope::operators || head.method == "GET" || head.method == "HEAD") return {};
    const auto given = query_string::parse(head.query, {});
    if (!given) return given.error();
    return {};
}

}  // namespace

result<handler*, problem> admit(const request_head& head, const server_context& shared,
                                std::optional<std::uint16_t> port, caller& by) {
    if (std::optional<problem> wrong = shared.hosts.judge(head, port)) return std::move(*wrong);
    result<route, problem> found = shared.routes.find(head);
    const access_scope needed = found ? found->scope : access_scope::app;
    if (std::optional<problem> wrong = identify(head, shared.options.listen.tokens, needed, by))
        return std::move(*wrong);
    if (!found) return std::move(found).error();
    if (std::optional<problem> wrong = refuse_query(head, *found)) return std::move(*wrong);
    if (std::optional<problem> wrong = found->to->refuse(head)) return std::move(*wrong);
    if (head.content_length.value_or(0) > limit_on_the_wire(head, *found->to)) return body_too_large(*found->to);
    return found->to;
}

std::uint64_t limit_on_the_wire(const request_head& head, const handler& to) {
    const auto how = coding_of(head);
    return how && *how == coding::gzip ? longest_packed(to.body_limit()) : to.body_limit();
}

problem no_room_for_bodies() {
    return {
        .status = 503,
        .name = "busy",
        .detail = "Too many large bodies are being received at once. Nothing was stored; send this again in a moment.",
        .retry_after = seconds{1}};
}

problem body_too_large(const handler& to) {
    const std::string_view key = to.body_limit_key();
    return {.status = 413,
            .name = "body-too-large",
            .detail = "The body is over the " + size_text(to.body_limit()) + " that are taken here. " +
                      std::string(to.how_to_send_less()) + (key.empty() ? "" : ", or raise " + std::string(key)) + ".",
            .close = true};
}

}  // namespace posthaste
