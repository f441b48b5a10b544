// `posthaste import`: the lines of an export, to a running daemon.
//
// Sent in pieces of whole lines, so that a file of any size can be imported and the daemon is never held up; a line
// that is longer than a piece goes by itself. What is already there is skipped, so an import that broke off is simply
// repeated.

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "daemon/commands/client.hpp"
#include "daemon/commands/client_options.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/commands/line_source.hpp"
#include "daemon/commands/progress_bar.hpp"
#include "daemon/commands/refusal_text.hpp"
#include "lib/base/quantity.hpp"

namespace posthaste {

namespace {

constexpr std::size_t piece_bytes = 512 * 1024;
constexpr seconds patience_of_import{300};  // a line of many MiB takes a slow machine long to read

struct import_options {
    std::string file;
    client_options daemon;
    bool json = false;
};

exit_code fail(exit_code code, const std::string& what) {
    std::cerr << "posthaste import: " << what << "\n";
    return code;
}

class importer {
  public:
    importer(const import_options& options, daemon_place server, line_source lines)
        : options_(options), client_(std::move(server)), lines_(std::move(lines)) {}

    exit_code run() {
        std::string piece;
        while (const auto line = lines_.next()) {
            if (!piece.empty() && piece.size() + line->size() >= piece_bytes) {
                if (const auto done = send(piece); done != exit_code::done) return done;
                piece.clear();
            }
            piece.append(*line).append(1, '\n');
            lines_read_ = lines_.number();
        }
        if (!lines_.trouble().empty()) return fail(exit_code::failed, lines_.trouble() + so_far());
        if (const auto done = piece.empty() ? exit_code::done : send(piece); done != exit_code::done) return done;
        tell();
        return exit_code::done;
    }

  private:
    exit_code send(const std::string& piece) {
        const auto answer = client_.post({.target = "/v1/import",
                                          .content_type = "application/x-ndjson",
                                          .body = piece,
                                          .patience = patience_of_import});
        if (!answer) return fail(answer.error().code, answer.error().message + so_far());
        if (answer->status != 200) return refused(*answer);
        const auto told = nlohmann::json::parse(answer->body, nullptr, false);
        if (!told.is_object() || !told.contains("imported") || !told.contains("skipped"))
            return fail(exit_code::failed, "the answer is not posthaste's: is it another program?");
        imported_ += told["imported"].get<std::uint64_t>();
        skipped_ += told["skipped"].get<std::uint64_t>();
        lines_sent_ = lines_read_;
        return exit_code::done;
    }

    exit_code refused(const daemon_answer& answer) const {
        tell_refusal("posthaste import", answer);
        if (options_.json) tell();
        const auto malformed = number_of(nlohmann::json::parse(answer.body, nullptr, false), "line");
        if (answer.status == 400 && malformed)
            return fail(exit_code::failed, "that is line " + std::to_string(lines_sent_ + *malformed) + " of " +
                                               lines_.name() + ": correct it and run it again" + so_far());
        if (answer.status == 422)
            return fail(exit_code::failed, "line 0 of the pointers is line " + std::to_string(lines_sent_ + 1) +
                                               " of " + lines_.name() + ": correct it and run it again" + so_far());
        if (answer.status == 413 && lines_read_ == lines_sent_ + 1)
            return fail(exit_code::failed, "it is about line " + std::to_string(lines_read_) + " of " + lines_.name() +
                                               ": raise limits.body there, or take the line out, and run it again" +
                                               so_far());
        return fail(exit_code::failed, "once that is put right, run it again: what is stored by now will be skipped");
    }

    [[nodiscard]] std::string so_far() const {
        return "; " + events_text(imported_) + (imported_ == 1 ? " was" : " were") +
               " imported before, and will be skipped then";
    }

    void tell() const {
        if (options_.json)
            std::cout << nlohmann::ordered_json{{"imported", imported_}, {"skipped", skipped_}}.dump() << "\n";
        else
            std::cout << "imported " << grouped(imported_) << ", skipped " << grouped(skipped_)
                      << " that were already there\n";
    }

    const import_options& options_;
    daemon_client client_;
    line_source lines_;
    std::uint64_t imported_ = 0;
    std::uint64_t skipped_ = 0;
    std::uint64_t lines_read_ = 0;  // into the piece that is sent next
    std::uint64_t lines_sent_ = 0;
};

exit_code run_import(const import_options& options) {
    auto server = find_daemon(options.daemon);
    if (!server) return fail(server.error().code, server.error().message);
    auto lines = line_source::open(options.file);
    if (!lines) return fail(lines.error().code, lines.error().message);
    return importer(options, *std::move(server), *std::move(lines)).run();
}

}  // namespace

void add_import_command(CLI::App& app, command& chosen) {
    auto options = std::make_shared<import_options>();
    auto* command_line = app.add_subcommand("import", "Take the lines of an export as new pending events");
    command_line->add_option("FILE", options->file, "The file with the lines, or - for standard input")->required();
    add_client_options(*command_line, options->daemon);
    command_line->add_flag("--json", options->json, "Print the outcome as JSON");
    command_line->callback([options, &chosen] { chosen = [options] { return run_import(*options); }; });
}

}  // namespace posthaste
