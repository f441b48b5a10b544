// What the head check takes is read a second time, naively, and must be what it said. The input is a head.

#include "lib/http/head_check.hpp"

#include <algorithm>

#include "lib/base/require.hpp"
#include "lib/base/text.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/fuzz/text.hpp"
#include "tests/unit/http/check_head.hpp"

namespace posthaste {
namespace {

using namespace std::string_view_literals;

std::string_view next_line(std::string_view& rest) {
    const std::size_t end = rest.find("\r\n");
    REQUIRE(end != std::string_view::npos, "each line of a head ends");
    const std::string_view line = rest.substr(0, end);
    REQUIRE(line.find_first_of("\r\n\0"sv) == std::string_view::npos, "no line holds a bare CR, a bare LF or a NUL");
    rest.remove_prefix(end + 2);
    return line;
}

// The field lines as other programs would read them.
std::vector<header_field> fields_of(std::string_view head, std::string_view& request_line) {
    if (head.starts_with("\r\n")) head.remove_prefix(2);
    request_line = next_line(head);
    std::vector<header_field> fields;
    for (std::string_view line = next_line(head); !line.empty(); line = next_line(head)) {
        const std::size_t colon = line.find(':');
        REQUIRE(colon != std::string_view::npos && colon > 0, "a field has a name");
        const std::string_view name = line.substr(0, colon);
        REQUIRE(name.find_first_of(" \t") == std::string_view::npos, "no name has white space in it or around it");
        fields.push_back({name, trim(line.substr(colon + 1))});
    }
    REQUIRE(head.empty(), "a head ends with its empty line");
    return fields;
}

std::vector<std::string_view> values_of(const std::vector<header_field>& fields, std::string_view name) {
    std::vector<std::string_view> values;
    for (const header_field& each : fields)
        if (to_lower(each.name) == name) values.push_back(each.value);
    return values;
}

void judge_framing(const request_head& read, const std::vector<header_field>& fields) {
    const auto hosts = values_of(fields, "host");
    REQUIRE(hosts.size() == 1 && hosts.front() == read.host, "there is exactly one Host");
    const auto lengths = values_of(fields, "content-length");
    REQUIRE(lengths.size() <= 1 && lengths.size() == read.content_length.has_value(), "there is one length at most");
    for (const std::string_view length : lengths)
        REQUIRE(
            !length.empty() && std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; }),
            "a length is digits only");
    const auto codings = values_of(fields, "transfer-encoding");
    REQUIRE(codings.size() <= 1 && codings.size() == read.chunked, "there is one coding at most");
    if (!read.chunked) return;
    REQUIRE(to_lower(codings.front()) == "chunked", "and it is chunked");
    REQUIRE(lengths.empty() && read.minor_version == 1, "chunked goes with neither a length nor HTTP/1.0");
}

void judge_request_line(const request_head& read, std::string_view line) {
    REQUIRE(std::count(line.begin(), line.end(), ' ') == 2, "the request line has three parts");
    const std::string whole =
        std::string(read.method) + " " + std::string(read.target) + " HTTP/1." + std::to_string(read.minor_version);
    REQUIRE(line == whole, "the request line is made of what was read of it");
    REQUIRE(!read.method.empty() && read.path.starts_with('/'), "there are a method and a path");
    REQUIRE(read.path.find_first_of("?#") == std::string_view::npos, "a path ends where the query begins");
}

bool same_fields(const std::vector<header_field>& a, const std::vector<header_field>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const header_field& x, const header_field& y) {
        return x.name == y.name && x.value == y.value;
    });
}

// A reader of what we would write must read the same.
void judge_rewritten(const request_head& read, std::string_view request_line) {
    std::string again = std::string(request_line) + "\r\n";
    for (const header_field& each : read.fields)
        again += std::string(each.name) + ": " + std::string(each.value) + "\r\n";
    again += "\r\n";
    if (again.size() > max_head_bytes) return;
    const auto second = check_head(again);
    REQUIRE(second.has_value(), "a head that was taken and written anew is taken again");
    REQUIRE(same_fields(second->fields, read.fields) && second->path == read.path && second->query == read.query &&
                second->authority == read.authority && second->content_length == read.content_length &&
                second->chunked == read.chunked && second->keep_alive == read.keep_alive,
            "and says the same");
}

void judge(const request_head& read, std::string_view head) {
    for (const std::string_view view : {read.method, read.target, read.query, read.scheme, read.authority, read.host})
        REQUIRE(fuzz::is_within(view, head), "what was read lies in the head");
    std::string_view request_line;
    const auto fields = fields_of(head, request_line);
    REQUIRE(same_fields(fields, read.fields), "the fields are those of the head");
    judge_framing(read, fields);
    judge_request_line(read, request_line);
    judge_rewritten(read, request_line);
}

void judge(const problem& refusal) {
    REQUIRE(refusal.status == 400 || refusal.status == 431 || refusal.status == 501, "a head is refused as such");
    REQUIRE(refusal.close, "the connection ends with a head that could not be read");
    REQUIRE(!refusal.detail.empty() && fuzz::is_clean_line(refusal.detail), "a refusal is told in one clean line");
}

// However the bytes arrive, they are the same head.
void judge_scanning_in_steps(std::string_view input, std::size_t step) {
    head_scanner whole;
    const auto expected = whole.scan(input);
    head_scanner scanner;
    auto found = head_scanner::state::incomplete;
    for (std::size_t size = 0; size < input.size() && found == head_scanner::state::incomplete;) {
        size = std::min(size + step, input.size());
        found = scanner.scan(input.substr(0, size));
    }
    REQUIRE(found == expected, "a head is what it is, however it arrives");
    REQUIRE(scanner.size() == whole.size() && scanner.fault() == whole.fault(), "with the same size and fault");
}

}  // namespace

void try_input(std::string_view input) {
    judge_scanning_in_steps(input, 1 + input.size() % 7);
    head_scanner scanner;
    const bool complete = scanner.scan(input) == head_scanner::state::complete;
    const auto read = check_head(input);
    if (!read) return judge(read.error());
    REQUIRE(complete, "what is taken was complete");
    judge(*read, input.substr(0, scanner.size()));
    static request_head used_again;
    REQUIRE(!check_scanned_head(input.substr(0, scanner.size()), used_again), "memory that is used again is as good");
    REQUIRE(same_fields(used_again.fields, read->fields) && used_again.content_length == read->content_length &&
                used_again.chunked == read->chunked && used_again.keep_alive == read->keep_alive &&
                used_again.expect_continue == read->expect_continue && used_again.scheme == read->scheme,
            "and shows no trace of the head before");
}

}  // namespace posthaste
