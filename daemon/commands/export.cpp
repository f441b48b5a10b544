// `posthaste export`: pending and dead events, whole, as lines of JSON.

#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "daemon/commands/client.hpp"
#include "daemon/commands/client_options.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/progress_bar.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "daemon/commands/standard_streams.hpp"
#include "lib/base/path_text.hpp"
#include "lib/base/quantity.hpp"
#include "lib/base/text.hpp"
#include "lib/outbox/files.hpp"

namespace posthaste {

namespace {

struct export_options {
    std::optional<std::string> state;
    std::optional<std::string> out;
    client_options daemon;
};

exit_code fail(exit_code code, const std::string& what) {
    std::cerr << "posthaste export: " << what << "\n";
    return code;
}

// Standard output, or a new file that only its owner can read: the lines hold whole events.
class line_target {
  public:
    [[nodiscard]] static result<line_target, start_failure> open(const std::optional<std::string>& path) {
        line_target target;
        if (!path) return target;
        target.file_ = file_handle(::open(path->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        target.path_ = *path;
        if (target.file_) return target;
        const std::string shown = printable_path(*path);
        if (errno == EEXIST)
            return start_failure{exit_code::usage, "--out: " + shown + " is already there: name a file that is not"};
        return start_failure{exit_code::write_failed,
                             "cannot make " + shown + ": " + std::strerror(errno) +
                                 "; name with --out a file in a folder that is there and that you may write to"};
    }

    // False: it could not be written; errno tells why.
    bool write(std::string_view bytes) {
        for (const char c : bytes)
            lines_ += c == '\n' ? 1 : 0;
        while (!bytes.empty()) {
            const auto count = ::write(file_ ? file_.get() : STDOUT_FILENO, bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

    // Nothing came: a file that is empty would keep the next try from its place, and pass for an export.
    void give_up() const {
        if (file_ && lines_ == 0) ::unlink(path_.c_str());
    }

    bool finish() { return !file_ || ::fsync(file_.get()) == 0; }
    [[nodiscard]] std::size_t lines() const { return lines_; }

  private:
    file_handle file_;
    std::string path_;
    std::size_t lines_ = 0;
};

std::string state_fault(const std::string& text) {
    return text == "pending" || text == "dead" ? "" : "expected pending or dead";
}

exit_code run_export(const export_options& options) {
    auto server = find_daemon(options.daemon);
    if (!server) return fail(server.error().code, server.error().message);
    auto target = line_target::open(options.out);
    if (!target) return fail(target.error().code, target.error().message);
    bool written = true;
    const auto answer =
        daemon_client(*std::move(server))
            .get_stream("/v1/export" + (options.state ? "?state=" + *options.state : ""), [&](std::string_view bytes) {
                written = target->write(bytes);
                return written;
            });
    if (!written || (answer && answer->status == 200 && !target->finish())) {
        const int why = errno;
        if (!options.out) end_if_reader_left();
        return fail(exit_code::write_failed, std::string("the lines could not be written: ") + std::strerror(why));
    }
    if (!answer || answer->status != 200) target->give_up();
    if (!answer)
        return fail(answer.error().code,
                    answer.error().message + (target->lines() == 0 ? ""
                                                                   : "; " + grouped(target->lines()) +
                                                                         " lines were written, and more are missing"));
    if (answer->status != 200) return tell_refusal("posthaste export", *answer);
    std::cerr << "exported " << events_text(target->lines()) << "\n";
    if (const auto damaged = answer->field("Posthaste-Damaged"); !damaged.empty())
        return fail(exit_code::failed,
                    printable(damaged, 20) +
                        " more are damaged on the disk and were left out: \"posthaste events --state "
                        "dead\" shows them; check the disk, and discard them, or save with posthaste "
                        "recover what can be");
    return exit_code::done;
}

}  // namespace

void add_export_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<export_options>();
    auto* command_line =
        app.add_subcommand("export", "Write what is pending or dead, whole, as lines that import takes");
    command_line->add_option("--state", options->state, "pending or dead; both without it")
        ->type_name("STATE")
        ->check(state_fault);
    command_line->add_option("--out", options->out, "A new file for the lines; standard output without it")
        ->type_name("FILE");
    add_client_options(*command_line, options->daemon);
    command_line->callback([options, &chosen] { chosen = [options] { return run_export(*options); }; });
}

}  // namespace posthaste
