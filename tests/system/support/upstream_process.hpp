// A separate, real upstream (recording_upstream): keeps every request's bytes in order, answers as it is told, and can
// be stopped and started again on its port.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/system/support/process.hpp"
#include "tests/system/support/raw_socket.hpp"
#include "tests/system/support/reserved_port.hpp"
#include "tests/system/support/temp_folder.hpp"

namespace posthaste {

// What it does with a request. The last step of a list goes on for ever.
struct answer_step {
    enum class kind {
        answer,
        drop,          // reads the request, then closes without an answer
        cut,           // closes in the middle of the answer
        silent,        // never answers
        close_unread,  // closes a new connection before it reads a byte (only in the list for everything)
        early,         // reads the head, answers and closes (only in the list for everything)
        reset,         // reads the request, then resets the connection
        flood,         // answers with 1 GiB more than it says here
        trickle,       // answers a byte each `after`
    };

    kind what = kind::answer;
    int status = 200;
    std::string body = R"({"message": "Event successfully triggered"})";
    http_headers headers;
    std::chrono::milliseconds after{0};  // waits so long before it answers
    int times = 1;
    std::string raw = {};  // the answer's bytes, in place of status, headers and body
    bool closes = false;   // the connection, behind the answer
};

[[nodiscard]] inline answer_step answers(int status, int times = 1) {
    answer_step step;
    step.status = status;
    step.times = times;
    if (status / 100 != 2) step.body = R"({"message": "the test says )" + std::to_string(status) + "\"}";
    return step;
}

[[nodiscard]] inline answer_step does(answer_step::kind what, int times = 1) {
    answer_step step;
    step.what = what;
    step.times = times;
    return step;
}

// Answers with these very bytes.
[[nodiscard]] inline answer_step says(std::string raw, bool closes = false) {
    answer_step step;
    step.raw = std::move(raw);
    step.closes = closes;
    return step;
}

struct recorded_request {
    std::uint64_t connection = 0;     // 1, 2, 3 … in the order they were accepted
    int status = 0;                   // of the answer that was meant for it; 0: none
    std::chrono::microseconds at{0};  // when it was read whole, since the epoch
    std::string method;
    std::string path;
    std::vector<std::pair<std::string, std::string>> fields;  // names as sent
    std::string body;
    std::string raw;

    // The first field of that name (any case); "" when there is none.
    [[nodiscard]] std::string field(std::string_view name) const;
    [[nodiscard]] std::size_t count_of(std::string_view name) const;
};

class upstream_process {
  public:
    // With a certificate it speaks TLS; both are paths of PEM files.
    explicit upstream_process(std::string certificate = {}, std::string key = {});

    upstream_process(const upstream_process&) = delete;
    upstream_process& operator=(const upstream_process&) = delete;

    void start();
    // Until start(), connections to its port are refused.
    void stop();

    // TLS 1.1 at most, from the next start on.
    void speak_outdated_tls() { outdated_tls_ = true; }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_.number(); }
    [[nodiscard]] std::string url() const;

    // From the next request on: the steps of the first rule whose text the request contains, else those for everything.
    void answer_with(std::vector<answer_step> everything);
    void answer_where(const std::string& request_contains, std::vector<answer_step> steps);

    // From the next request on: more than so many a second, and `burst` at once after a rest, are refused in this way.
    void serve_at_most(int a_second, int burst, answer_step refusal);

    // All requests since the first start, in the order they were read.
    [[nodiscard]] const std::vector<recorded_request>& requests();
    // Until there are so many; false when `patience` ran out.
    [[nodiscard]] bool wait_for_requests(std::size_t count);

  private:
    struct rule {
        std::string contains;
        std::vector<answer_step> steps;
    };

    struct capacity {
        int a_second = 0;
        int burst = 0;
        answer_step refusal;
    };

    void write_script();

    temp_folder folder_;
    std::string certificate_;
    std::string key_;
    bool outdated_tls_ = false;
    reserved_port port_;
    std::vector<rule> rules_;
    std::vector<answer_step> everything_ = {answer_step{}};
    std::optional<capacity> capacity_;
    std::unique_ptr<process> process_;
    std::vector<recorded_request> requests_;
    std::uint64_t read_up_to_ = 0;
};

// A request's head and body as they were sent.
[[nodiscard]] recorded_request parse_request(std::string raw);

}  // namespace posthaste
