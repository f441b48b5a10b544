// The standard streams: there from the start, and given up quietly where their reader left.

#pragma once

namespace posthaste {

// Before anything is opened. A stream that this process was started without gets a place of its own: else the first
// file or socket takes its number, and what was meant for the stream is written there. Standard input and output fail
// as if they were still missing, so that a result that nobody gets is told of; what is logged is lost.
void open_missing_streams();

// For a command that could not write its result. Where who read standard output has left, as head does once it has
// enough, the process ends as any other program would: without a word, by SIGPIPE (141 to a shell). Else it returns.
void end_if_reader_left();

}  // namespace posthaste
