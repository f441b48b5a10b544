// Checks a batch of events and takes it apart, a part of it at a time, so that a large one holds nobody up.
//
// Each element is checked like a single event (lib/event/envelope.hpp). What is malformed ends the reading at once;
// everything else that is wrong is gathered, with pointers that begin with the element's index ("/3/data/ticketName"),
// counted from 0. A short text that is well-formed and no array is none of a batch: invalid, not malformed. Pure; one
// thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/event/catalog.hpp"
#include "lib/event/envelope.hpp"
#include "lib/event/event_splitter.hpp"

namespace posthaste {

class batch_reader {
  public:
    static constexpr std::size_t most_errors = 100;

    struct bounds {
        std::size_t events = 10'000;
        std::size_t event_bytes = 1024 * 1024;  // of one
    };

    struct element {
        envelope read;
        std::string_view body;
    };

    // `text` and `catalog` must outlive this.
    batch_reader(std::string_view text, event_splitter::form how, const event_catalog& catalog, bounds most)
        : text_(text), splitter_(text, how), catalog_(catalog), most_(most) {}

    // Reads on for about so many bytes. False: it is over, with a fault or without.
    [[nodiscard]] bool read_on(std::size_t bytes);

    [[nodiscard]] bool too_many() const noexcept { return too_many_; }  // over bounds::events: the rest was not read
    // The first event over bounds::event_bytes, counted from 0; neither it nor the rest was read.
    [[nodiscard]] std::optional<std::size_t> too_large() const noexcept { return too_large_; }
    [[nodiscard]] std::optional<envelope_fault>& fault() noexcept { return fault_; }
    // Once it is over, and there is no fault: at least one.
    [[nodiscard]] std::vector<element>& elements() noexcept { return elements_; }

  private:
    void take(const event_splitter::piece& piece);
    void note(envelope_fault fault);
    void conclude();

    std::string_view text_;
    event_splitter splitter_;
    const event_catalog& catalog_;
    bounds most_;
    std::size_t count_ = 0;
    std::vector<element> elements_;
    std::optional<envelope_fault> wrong_;  // what is gathered
    std::optional<envelope_fault> fault_;
    bool too_many_ = false;
    std::optional<std::size_t> too_large_;
};

}  // namespace posthaste
