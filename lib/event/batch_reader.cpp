#include "lib/event/batch_reader.hpp"

#include <string>
#include <utility>

namespace posthaste {
namespace {

constexpr std::size_t most_at_once = 128 * 1024;

envelope_fault no_batch(std::string detail, std::string error) {
    envelope_fault fault;
    fault.what = envelope_fault::kind::invalid_event;
    fault.detail = std::move(detail);
    fault.errors.push_back({"", std::move(error)});
    return fault;
}

bool is_object(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    return begin != std::string_view::npos && text[begin] == '{';
}

}  // namespace

bool batch_reader::read_on(std::size_t bytes) {
    for (std::size_t read = 0; read < bytes;) {
        const auto piece = splitter_.next();
        if (!piece) {
            conclude();
            return false;
        }
        if (count_ == most_.events) {
            too_many_ = true;
            return false;
        }
        if (piece->text.size() > most_.event_bytes) {
            too_large_ = count_;
            return false;
        }
        take(*piece);
        read += piece->text.size();
        if (fault_) return false;
        ++count_;
        if (wrong_ && wrong_->errors.size() >= most_errors) {
            conclude();
            return false;
        }
    }
    return true;
}

void batch_reader::take(const event_splitter::piece& piece) {
    auto read = read_envelope(piece.text, catalog_);
    if (read) {
        if (!wrong_) elements_.push_back({*std::move(read), piece.text});
        return;
    }
    envelope_fault found = std::move(read).error();
    if (found.what == envelope_fault::kind::malformed_json)
        fault_ = malformed_json(text_, piece.offset + found.offset, std::move(found.reason));
    else
        note(std::move(found));
}

// The first one's kind stands for all.
void batch_reader::note(envelope_fault fault) {
    const std::string index = std::to_string(count_);
    if (!wrong_) {
        wrong_.emplace();
        wrong_->what = fault.what;
        wrong_->detail =
            "nothing was stored, as event " + index + " of the batch (counted from 0) is wrong: " + fault.detail;
        elements_.clear();
    }
    for (field_error& error : fault.errors) {
        if (wrong_->errors.size() < most_errors)
            wrong_->errors.push_back({"/" + index + error.pointer, std::move(error.detail)});
    }
}

void batch_reader::conclude() {
    if (const auto& found = splitter_.wrong()) {
        // The rest of a longer one is not looked at: it is wrong either way.
        const bool well_formed = text_.size() <= most_at_once ? !find_malformed_json(text_) : is_object(text_);
        if (splitter_.is_no_array() && well_formed)
            fault_ = no_batch(
                "the batch is no JSON array: send the events in one, or an event a line with "
                "Content-Type: application/x-ndjson",
                "is no array");
        else
            fault_ = malformed_json(text_, found->offset, found->what);
    } else if (wrong_) {
        fault_ = std::move(wrong_);
        if (fault_->errors.size() >= most_errors)
            fault_->detail += "; there are at least " + std::to_string(most_errors) + " errors in all, of which " +
                              std::to_string(fault_->errors.size()) + " are listed";
    } else if (count_ == 0) {
        fault_ = no_batch("the batch is empty: send at least one event", "holds no event");
    }
}

}  // namespace posthaste
