// `posthaste export`: pending and dead events, whole, as lines of JSON.

#include <algorithm>
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
    explicit line_target(const std::optional<std::string>& path) : path_(path) {}

    // Makes the file: only once there is something for it, so that a try that comes to nothing leaves nothing behind.
    [[nodiscard]] std::optional<start_failure> open() {
        if (!path_) return std::nullopt;
        file_ = file_handle(::open(path_->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (file_) return std::nullopt;
        const int why = errno;
        const std::string shown = printable_path(*path_);
        if (why == EEXIST)
            return start_failure{exit_code::usage, "--out: " + shown + " is already there: name a file that is not"};
        return start_failure{exit_code::write_failed,
                             "cannot make " + shown + ": " + std::strerror(why) +
                                 "; name with --out a file in a folder that is there and that you may write to"};
    }

    // False: it could not be written, and fault() tells why.
    bool write(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto count = ::write(file_ ? file_.get() : STDOUT_FILENO, bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failed();
            const auto written = bytes.substr(0, static_cast<std::size_t>(count));
            lines_ += static_cast<std::size_t>(std::count(written.begin(), written.end(), '\n'));
            within_line_ = written.empty() ? within_line_ : written.back() != '\n';
            bytes.remove_prefix(written.size());
        }
        return true;
    }

    // A disk may tell only now that it was full; what is no file cannot be asked.
    bool finish() {
        if (::fsync(file_ ? file_.get() : STDOUT_FILENO) == 0) return true;
        return (!file_ && errno != EIO && errno != ENOSPC && errno != EDQUOT) || failed();
    }

    // A sentence for a person; "" while all that came was written. The file that we made is gone then: it would keep
    // the next try from its place, and pass for an export.
    [[nodiscard]] std::string fault() const {
        if (error_ == 0) return "";
        const auto what =
            (path_ ? printable_path(*path_) : "standard output") + " could not be written: " + std::strerror(error_);
        const bool full = error_ == ENOSPC || error_ == EDQUOT || error_ == EFBIG;
        if (!path_)
            return what + "; what it holds is only a part: " + (full ? "make room there, and " : "") + "run it again";
        return what + "; it " + fate_ + (full ? "make room there, or " : "") +
               "name with --out a file on another disk, and run it again";
    }

    // The answer broke off: what the person has of it.
    [[nodiscard]] std::string give_up() const {
        if (file_) return "; " + printable_path(*path_) + " " + remove() + "run it again";
        return lines_ == 0 ? ""
                           : "; " + grouped(lines_) + (lines_ == 1 ? " line was" : " lines were") +
                                 " written, and more are missing";
    }

    [[nodiscard]] std::size_t lines() const { return lines_; }
    [[nodiscard]] bool within_a_line() const { return within_line_; }

  private:
    bool failed() {
        error_ = errno;
        if (file_) fate_ = remove();
        return false;
    }

    // What became of it, as the beginning of what to do.
    [[nodiscard]] std::string remove() const {
        if (::unlink(path_->c_str()) == 0) return "was removed, as it held only a part: ";
        return std::string("holds only a part, and could not be removed (") + std::strerror(errno) + "): remove it, ";
    }

    std::optional<std::string> path_;
    file_handle file_;
    int error_ = 0;     // of the write that failed
    std::string fate_;  // of the file then
    std::size_t lines_ = 0;
    bool within_line_ = false;
};

// A proxy may write it in its own way.
bool holds_lines(const std::string& content_type) {
    const std::string_view given = content_type;
    return equals_ignoring_case(trim(given.substr(0, given.find(';'))), "application/x-ndjson");
}

start_failure foreign(const std::string& server, const std::string& content_type) {
    return {exit_code::failed, "the answer of " + server + " is not posthaste's (its Content-Type is " +
                                   (content_type.empty() ? "none" : "\"" + printable(content_type) + "\"") +
                                   "): is it another program? Nothing was written: name posthaste's address with "
                                   "--server"};
}

// Else its end is the connection's, and one that was cut off would pass for a whole one.
bool tells_its_end(const daemon_answer& head) {
    return !head.field("Content-Length").empty() || !head.field("Transfer-Encoding").empty();
}

// Why that answer is not what is wanted; empty: it is.
std::optional<start_failure> fault_of(const daemon_answer& head, const std::string& server) {
    const auto type = head.field("Content-Type");
    if (!holds_lines(type)) return foreign(server, type);
    if (tells_its_end(head)) return std::nullopt;
    return start_failure{exit_code::failed,
                         "the answer of " + server +
                             " does not tell where it ends, so that one that is cut off would pass for a whole one. "
                             "Nothing was written: name with --server the daemon itself, not a proxy before it"};
}

std::string state_fault(const std::string& text) {
    return text == "pending" || text == "dead" ? "" : "expected pending or dead";
}

exit_code run_export(const export_options& options) {
    auto server = find_daemon(options.daemon);
    if (!server) return fail(server.error().code, server.error().message);
    const auto place = server->text();
    line_target target(options.out);
    std::optional<start_failure> unwanted;
    const auto answer = daemon_client(*std::move(server))
                            .get_stream("/v1/export" + (options.state ? "?state=" + *options.state : ""),
                                        {.begin =
                                             [&](const daemon_answer& head) {
                                                 unwanted = fault_of(head, place);
                                                 if (!unwanted) unwanted = target.open();
                                                 return !unwanted;
                                             },
                                         .take = [&](std::string_view bytes) { return target.write(bytes); }});
    if (unwanted) return fail(unwanted->code, unwanted->message);
    if (answer && answer->status == 200 && target.fault().empty()) target.finish();
    if (const auto fault = target.fault(); !fault.empty()) {
        if (!options.out) end_if_reader_left();
        return fail(exit_code::write_failed, fault);
    }
    if (!answer) return fail(answer.error().code, answer.error().message + target.give_up());
    if (target.within_a_line())
        return fail(exit_code::failed, "the answer broke off in the middle of a line" + target.give_up());
    if (answer->status != 200) return tell_refusal("posthaste export", *answer);
    std::cerr << "exported " << events_text(target.lines()) << "\n";
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
