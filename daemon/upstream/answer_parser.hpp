// Parses one answer: Beast's HTTP/1 parser, of which only what delivery needs is kept: the status, the first 64 KiB of
// the body, Retry-After and Content-Type. No allocation for other header fields. Good for one message (RFC 9112); not
// thread-safe.

#pragma once

#include <algorithm>
#include <string>

#include <boost/beast/http/basic_parser.hpp>

#include "lib/delivery/answer_text.hpp"

namespace posthaste {

class answer_parser final : public boost::beast::http::basic_parser<false> {
  public:
    // `body` is cleared, filled while parsing and must outlive this.
    explicit answer_parser(std::string& body) : body_(body) {
        body_.clear();
        eager(true);
        header_limit(16 * 1024);
        body_limit(boost::none);
    }

    [[nodiscard]] int status() const noexcept { return status_; }
    // The first Retry-After field as it came; empty: none.
    [[nodiscard]] const std::string& retry_after() const noexcept { return retry_after_; }
    // The first Content-Type field as it came; empty: none, or none that makes sense.
    [[nodiscard]] const std::string& content_type() const noexcept { return content_type_; }
    // An interim answer (100 Continue, 103 Early Hints): the real one follows.
    [[nodiscard]] bool is_interim() const noexcept { return status_ >= 100 && status_ < 200 && status_ != 101; }
    // The body is longer than what is kept.
    [[nodiscard]] bool is_cut() const noexcept { return cut_; }

  private:
    using string_view = boost::beast::string_view;
    using error_code = boost::beast::error_code;

    void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int code, string_view, int, error_code&) override { status_ = code; }
    void on_field_impl(boost::beast::http::field name, string_view, string_view value, error_code&) override {
        if (name == boost::beast::http::field::retry_after && in_head_ && retry_after_.empty())
            retry_after_.assign(value.data(), value.size());
        if (name == boost::beast::http::field::content_type && in_head_ && content_type_.empty() &&
            value.size() <= longest_content_type)
            content_type_.assign(value.data(), value.size());
    }
    void on_header_impl(error_code&) override { in_head_ = false; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view part, error_code&) override { return keep(part); }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view part, error_code&) override { return keep(part); }
    void on_finish_impl(error_code&) override {}

    static constexpr std::size_t longest_content_type = 256;

    std::size_t keep(string_view part) {
        const std::size_t room = max_answer_bytes - body_.size();
        body_.append(part.data(), std::min(part.size(), room));
        cut_ = cut_ || part.size() > room;
        return part.size();
    }

    std::string& body_;
    std::string retry_after_;
    std::string content_type_;
    int status_ = 0;
    bool in_head_ = true;  // what follows the body are trailers
    bool cut_ = false;
};

}  // namespace posthaste
