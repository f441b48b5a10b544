#include "lib/delivery/attempt_head.hpp"

#include <algorithm>
#include <charconv>

#include "lib/base/base64.hpp"

namespace posthaste {

namespace {

bool is_api_version(std::string_view segment) noexcept {
    constexpr std::string_view shape = "dddd-dd";
    return segment.size() == shape.size() &&
           std::equal(segment.begin(), segment.end(), shape.begin(), [](char found, char wanted) {
               return wanted == 'd' ? found >= '0' && found <= '9' : found == '-';
           });
}

void append_number(std::string& out, std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(digits, end);
}

void append_field(std::string& out, std::string_view name_and_colon, std::string_view value) {
    if (value.empty()) return;
    out += name_and_colon;
    out += value;
    out += "\r\n";
}

// A proxy is told the whole URL (RFC 9112, section 3.2.2), but for what goes through its tunnel.
bool is_read_by_proxy(const upstream_settings& upstream) {
    return upstream.proxy && !upstream.url.tls;
}

std::string target(const upstream_settings& upstream) {
    return is_read_by_proxy(upstream) ? upstream.url.text() : upstream.url.path_prefix;
}

std::string proxy_credentials(const upstream_settings& upstream) {
    if (!is_read_by_proxy(upstream) || upstream.proxy->credentials.empty()) return "";
    return "\r\nProxy-Authorization: Basic " + base64_encoded(upstream.proxy->credentials);
}

// What follows the path of every request.
std::string common_fields(const upstream_settings& upstream) {
    return " HTTP/1.1\r\nHost: " + upstream.url.authority() + proxy_credentials(upstream) +
           "\r\nUser-Agent: posthaste/" POSTHASTE_VERSION "\r\nAuthorization: Bearer " + upstream.api_key + "\r\n";
}

}  // namespace

bool names_api_version(std::string_view path) noexcept {
    while (!path.empty()) {
        path.remove_prefix(path.front() == '/' ? 1 : 0);
        const auto segment = path.substr(0, path.find('/'));
        if (is_api_version(segment)) return true;
        path.remove_prefix(segment.size());
    }
    return false;
}

attempt_head::attempt_head(const upstream_settings& upstream)
    : lookup_before_path_("GET " + target(upstream)),
      lookup_after_path_(common_fields(upstream) + "Accept: application/json\r\n"),
      before_path_("POST " + target(upstream)),
      after_path_(common_fields(upstream) +
                  "Content-Type: application/json\r\nAccept: application/json\r\nIdempotency-Key: "),
      api_version_(names_api_version(upstream.url.path_prefix) ? "" : upstream.api_version) {}

void attempt_head::write(std::string& out, const pending_event& event, std::uint32_t retries) const {
    char id[uuid_text_size];
    write_uuid(event.id, id);
    out += before_path_;
    out += event.what.path;
    out += after_path_;
    out.append(id, sizeof id);
    out += "\r\nContent-Length: ";
    append_number(out, event.what.body.size());
    out += "\r\n";
    if (retries > 0) {
        out += "X-Retry-Count: ";
        append_number(out, retries);
        out += "\r\n";
    }
    append_version(out, event.what.path, event.what.api_version);
    append_field(out, "traceparent: ", event.what.traceparent);
    append_field(out, "tracestate: ", event.what.tracestate);
    out += "\r\n";
}

void attempt_head::write_lookup(std::string& out, std::string_view path, std::string_view api_version) const {
    out += lookup_before_path_;
    out += path;
    out += lookup_after_path_;
    append_version(out, path.substr(0, path.rfind('/')), api_version);  // a user's name is no version
    out += "\r\n";
}

void attempt_head::append_version(std::string& out, std::string_view path, std::string_view of_the_app) const {
    if (!of_the_app.empty())
        append_field(out, "x-api-version: ", of_the_app);
    else if (!names_api_version(path))
        append_field(out, "x-api-version: ", api_version_);
}

}  // namespace posthaste
