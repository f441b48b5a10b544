#include "tests/system/support/fault_injection.hpp"

#include <filesystem>
#include <stdexcept>

#include "tests/system/support/mounts.hpp"
#include "tests/system/support/temp_folder.hpp"

namespace posthaste {

namespace {

std::vector<std::string> strace_command(const planned_fault& fault) {
    std::vector<std::string> command = {
        find_tool("strace"),
        "-o",
        "/dev/null",
        "-e",
        "trace=" + fault.call,
        "-e",
        "inject=" + fault.call + ":" + fault.what + ":when=" + std::to_string(fault.when)};
    if (!fault.file.empty()) command.insert(command.end(), {"-P", fault.file});
    return command;
}

pid_t thread_named(pid_t of, const std::string& name) {
    const std::string tasks = "/proc/" + std::to_string(of) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks))
        if (read_whole_file(task.path() / "comm") == name + "\n") return std::stoi(task.path().filename());
    throw std::runtime_error("the daemon has no thread " + name);
}

}  // namespace

std::string no_fault_injection() {
    const std::string strace = find_tool("strace");
    if (strace.empty()) return "strace is not installed (Debian: apt-get install strace)";
    const finished tried = run_to_end({{strace, "-o", "/dev/null", "/bin/true"}, {}, {}, {}});
    return tried.status == 0 ? std::string() : "strace cannot trace here: " + tried.error;
}

std::vector<std::string> strace_with(const planned_fault& fault) {
    std::vector<std::string> command = strace_command(fault);
    // LeakSanitizer cannot work in a process that is traced, and ends it with a status of its own.
    command.insert(command.begin() + 1, {"-D", "-f", "-E", "ASAN_OPTIONS=detect_leaks=0"});
    return command;
}

fault_injection::fault_injection(pid_t daemon, const std::string& thread, const planned_fault& fault) {
    std::vector<std::string> command = strace_command(fault);
    command.insert(command.end(), {"-p", std::to_string(thread_named(daemon, thread))});
    strace_ = std::make_unique<process>(process_options{std::move(command), {}, {}, {}});
    if (!strace_->wait_for_output("attached")) throw std::runtime_error("strace: " + strace_->output());
}

}  // namespace posthaste
