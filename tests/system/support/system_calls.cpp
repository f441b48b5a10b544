#include "tests/system/support/system_calls.hpp"

#include <cstdlib>
#include <map>
#include <sstream>

#include <unistd.h>

namespace posthaste {

namespace {

constexpr const char* strace_binary = "/usr/bin/strace";

// "9</tmp/x>, "…") = 17" → arguments and result. The last " = " is the result's: strings are quoted before it.
void split_result(const std::string& rest, system_call& call) {
    const std::size_t equals = rest.rfind(" = ");
    const std::size_t closing = rest.rfind(')', equals);
    call.arguments += rest.substr(0, closing);
    if (equals != std::string::npos) call.result = rest.substr(equals + 3);
}

}  // namespace

int system_call::descriptor() const {
    char* rest = nullptr;
    const long number = std::strtol(arguments.c_str(), &rest, 10);
    return rest == arguments.c_str() ? -1 : static_cast<int>(number);
}

bool system_call::on_file(std::string_view name_ends_with) const {
    const std::size_t close = arguments.find('>');
    return close != std::string::npos && std::string_view(arguments).substr(0, close).ends_with(name_ends_with);
}

bool system_call::transferred() const {
    return std::strtol(result.c_str(), nullptr, 10) > 0;
}

system_call_trace::system_call_trace(pid_t traced, const std::string& calls) {
    if (access(strace_binary, X_OK) != 0) {
        trouble_ = "strace is not installed (Debian: apt-get install strace)";
        return;
    }
    // Arguments are shown whole: a commit goes into the WAL by one write, of up to 96 KiB.
    strace_ =
        std::make_unique<process>(process_options{{strace_binary, "-f", "-y", "-s", "131072", "-e", "trace=" + calls,
                                                   "-o", folder_ / "trace", "-p", std::to_string(traced)},
                                                  {},
                                                  {},
                                                  {}});
    if (!strace_->wait_for_output("attached")) trouble_ = "strace cannot trace here: " + strace_->output();
}

std::vector<system_call> system_call_trace::stop() {
    strace_->signal(SIGINT);
    strace_->wait();
    return parse_trace(read_whole_file(folder_ / "trace"));
}

std::vector<system_call> parse_trace(const std::string& text) {
    static constexpr std::string_view unfinished = " <unfinished ...>";
    static constexpr std::string_view resumed = " resumed>";
    std::vector<system_call> calls;
    std::map<std::string, std::size_t> open;  // by thread
    std::istringstream lines(text);
    std::string line;
    for (std::size_t place = 1; std::getline(lines, line); ++place) {
        const std::size_t space = line.find(' ');
        const std::string thread = line.substr(0, space);
        const std::size_t start = line.find_first_not_of(' ', space);
        if (start == std::string::npos) continue;
        line.erase(0, start);
        if (line.starts_with("<... ")) {
            const auto known = open.find(thread);
            const std::size_t from = line.find(resumed);
            if (known == open.end() || from == std::string::npos) continue;
            split_result(line.substr(from + resumed.size()), calls[known->second]);
            calls[known->second].end = place;
            open.erase(known);
            continue;
        }
        const std::size_t bracket = line.find('(');
        if (bracket == std::string::npos || line.starts_with("+++") || line.starts_with("---")) continue;
        system_call call{line.substr(0, bracket), {}, {}, place, place};
        if (line.ends_with(unfinished)) {
            call.arguments = line.substr(bracket + 1, line.size() - bracket - 1 - unfinished.size());
            call.end = static_cast<std::size_t>(-1);
            open[thread] = calls.size();
        } else {
            split_result(line.substr(bracket + 1), call);
        }
        calls.push_back(std::move(call));
    }
    return calls;
}

}  // namespace posthaste
