// What the disk below the queue's folder is worth: its file system, what a sync costs there, and whether anything is
// lost when a daemon is killed in mid-load. Done with files and a daemon of its own, in a folder of its own beside the
// outbox, which goes afterwards; a daemon that uses the outbox is not disturbed.

#pragma once

#include "daemon/commands/check_report.hpp"
#include "daemon/commands/kill_trial.hpp"
#include "daemon/commands/sync_latency.hpp"
#include "lib/config/settings.hpp"

namespace posthaste {

// Takes some seconds. Stops behind a step that fails.
void check_durability(const queue_settings& queue, check_report& report);

// What is said of each finding. `type` as the kernel names it ("ext4"); "" where that is not known.
[[nodiscard]] check_step judge_file_system(const std::string& folder, const std::string& type);
[[nodiscard]] check_step judge_latency(const sync_latency& found);
[[nodiscard]] check_step judge_kills(const kill_count& count);

}  // namespace posthaste
