// Brings the store's answers to the threads that own them: one post a batch and thread. Called on the store thread.

#pragma once

#include <vector>

#include <boost/asio/io_context.hpp>

#include "daemon/store/store_batch.hpp"

namespace posthaste {

// To the accept thread: what became of each append. Takes the replies, and leaves the appended events where they are.
void answer_appends(boost::asio::io_context& accept, store_batch& done, const std::vector<append_outcome>& outcomes);
// To the accept thread: every reply with the same refusal.
void refuse_all(boost::asio::io_context& accept, std::vector<append_reply> replies, refusal why);

// To the accept thread: what became of each submission. Takes the replies.
void answer_submissions(boost::asio::io_context& accept, store_batch& done,
                        const std::vector<submission_outcome>& outcomes);

// To the accept thread: what became of each import. Takes the replies.
void answer_imports(boost::asio::io_context& accept, store_batch& done, const std::vector<import_report>& reports);

// To the accept thread: what was done with the dead. Takes the replies.
void answer_by_hand(boost::asio::io_context& accept, store_batch& done, const std::vector<dead_report>& reports);

// To the delivery thread: the events that were stored, then how much was settled, then what was read. `listener` may be
// null: nobody delivers.
void tell_delivery(boost::asio::io_context& delivery, commit_listener* listener, store_batch& done,
                   batch_outcome& outcome, sequence last);

// To the delivery thread: whether what it knows of the upstream is durable. Takes the replies.
void answer_memory(boost::asio::io_context& delivery, store_batch& done, bool durable);

// To the accept thread, in order.
void answer_lookups(boost::asio::io_context& accept, std::vector<lookup_answer> answers);

}  // namespace posthaste
