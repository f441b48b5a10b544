#include "tests/system/support/process.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace posthaste {

namespace {

int memory_file(const char* name) {
    const int file = memfd_create(name, MFD_CLOEXEC);
    if (file < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
    fcntl(file, F_SETFL, O_APPEND);
    return file;
}

std::string content_of(int file) {
    std::string content;
    char block[65536];
    for (;;) {
        const ssize_t got = pread(file, block, sizeof block, static_cast<off_t>(content.size()));
        if (got <= 0) return content;
        content.append(block, static_cast<std::size_t>(got));
    }
}

std::vector<std::string> merged_environment(const std::vector<std::pair<std::string, std::string>>& changes) {
    std::vector<std::string> merged;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::string_view name = text.substr(0, text.find('='));
        bool changed = false;
        for (const auto& change : changes)
            changed = changed || change.first == name;
        if (!changed) merged.emplace_back(text);
    }
    for (const auto& [name, value] : changes)
        if (!value.empty()) merged.push_back(name + "=" + value);
    return merged;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// Only what is async-signal-safe, as other threads of the test may hold locks.
[[noreturn]] void become(char* const* arguments, char* const* environment, const char* folder, int in, int out, int err,
                         pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    if (folder[0] != '\0' && chdir(folder) != 0) _exit(127);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execve(arguments[0], arguments, environment);
    constexpr char trouble[] = "cannot be executed\n";
    if (write(STDERR_FILENO, trouble, sizeof trouble - 1) < 0) _exit(126);
    _exit(127);
}

int status_of(int raw) {
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : -WTERMSIG(raw);
}

}  // namespace

process::process(process_options options) : output_(memory_file("output")), error_(memory_file("error")) {
    const int input = memory_file("input");
    if (write(input, options.input.data(), options.input.size()) < 0)
        throw std::system_error(errno, std::generic_category(), "input");
    lseek(input, 0, SEEK_SET);
    std::vector<std::string> environment = merged_environment(options.environment);
    const std::vector<char*> arguments = pointers_to(options.command);
    const std::vector<char*> variables = pointers_to(environment);
    const pid_t parent = getpid();
    id_ = fork();
    if (id_ == 0) become(arguments.data(), variables.data(), options.folder.c_str(), input, output_, error_, parent);
    close(input);
    if (id_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
}

process::~process() {
    if (!ended()) {
        kill(id_, SIGKILL);
        waitpid(id_, nullptr, 0);
    }
    close(output_);
    close(error_);
}

std::string process::standard_output() const {
    return content_of(output_);
}

std::string process::standard_error() const {
    return content_of(error_);
}

bool process::wait_for_output(std::string_view text) {
    const auto found = [&] { return output().find(text) != std::string::npos; };
    bool over = false;
    (void)wait_until([&] {
        over = ended().has_value();  // asked first: what was written before the end is seen below
        return found() || over;
    });
    return found();
}

std::optional<std::string> process::wait_for_pattern(const std::regex& pattern, std::size_t group) {
    std::optional<std::string> found;
    (void)wait_until([&] {
        const bool over = ended().has_value();
        const std::string text = output();
        std::smatch match;
        if (std::regex_search(text, match, pattern)) found = match[group].str();
        return found.has_value() || over;
    });
    return found;
}

void process::signal(int number) {
    if (!ended()) kill(id_, number);
}

int process::wait() {
    if (!wait_until([&] { return ended().has_value(); })) {
        kill(id_, SIGKILL);
        int raw = 0;
        waitpid(id_, &raw, 0);
        status_ = status_of(raw);
    }
    return *status_;
}

std::optional<int> process::ended() {
    int raw = 0;
    if (!status_ && waitpid(id_, &raw, WNOHANG) == id_) status_ = status_of(raw);
    return status_;
}

finished run_to_end(process_options options) {
    process child(std::move(options));
    const int status = child.wait();
    return {status, child.standard_output(), child.standard_error()};
}

}  // namespace posthaste
