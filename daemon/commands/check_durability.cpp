#include "daemon/commands/check_durability.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <string>

#include <fcntl.h>

#include "daemon/commands/check_queue.hpp"
#include "daemon/commands/interruption.hpp"
#include "lib/base/path_text.hpp"
#include "lib/base/text.hpp"
#include "lib/outbox/files.hpp"

namespace posthaste {

namespace {

constexpr int kills = 10;

check_step step_of(const char* name, exit_code code, std::string detail) {
    return {name, code, std::move(detail)};
}

// proc(5): the mount that an open file is on, by its number.
std::string mount_of(const std::string& folder) {
    const file_handle handle(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::ifstream facts("/proc/self/fdinfo/" + std::to_string(handle.get()));
    std::string name, number;
    while (facts >> name >> number) {
        if (name == "mnt_id:") return number;
    }
    return "";
}

// proc(5): a line a mount; its number comes first, its type behind " - ". "" where that cannot be found out.
std::string file_system_of(const std::string& folder) {
    const auto mount = mount_of(folder);
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; !mount.empty() && std::getline(mounts, line);) {
        const auto dash = line.find(" - ");
        if (!line.starts_with(mount + " ") || dash == std::string::npos) continue;
        return line.substr(dash + 3, line.find(' ', dash + 3) - dash - 3);
    }
    return "";
}

bool is_in_memory(const std::string& type) {
    return type == "tmpfs" || type == "ramfs" || type == "devtmpfs";
}

// What is behind a program (FUSE) counts with the network: a sync may mean anything there.
bool is_remote(const std::string& type) {
    constexpr std::array remote = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs"};
    for (const std::string_view name : remote) {
        if (type == name) return true;
    }
    return type.starts_with("fuse");
}

std::string milliseconds_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f ms", value);
    return text;
}

std::string latency_text(const percentiles& found) {
    return milliseconds_text(found.p50) + " (p50), " + milliseconds_text(found.p99) + " (p99)";
}

std::string latency_json(const percentiles& found) {
    char text[96];
    std::snprintf(text, sizeof text, "{\"p50Ms\":%.3f,\"p99Ms\":%.3f}", found.p50, found.p99);
    return text;
}

check_step check_latency(const working_folder& folder) {
    const auto found = measure_sync_latency(folder / "syncs");
    if (found) return judge_latency(*found);
    return step_of("sync", exit_code::failed, "a write or its sync failed: " + found.error() + "; check the disk");
}

check_step check_kills(const std::string& folder, durability how) {
    const auto count = kill_in_mid_load(folder, how, kills);
    return count ? judge_kills(*count) : step_of("kills", exit_code::failed, count.error().message);
}

check_step power_cut(durability how) {
    auto step =
        step_of("power cut", exit_code::done,
                "not tried, and none of the above stands for it: whether the disk keeps what it said was synced "
                "shows only when the power is cut in mid-load. A write cache without a battery that ignores "
                "flushes loses acknowledged events then, whatever posthaste does");
    if (how == durability::process) {
        step.warns = true;
        step.detail =
            "queue.durability is \"process\": the latest acknowledged events are lost by a power cut or a crash "
            "of the system; \"full\" syncs each before it is acknowledged";
    }
    return step;
}

}  // namespace

check_step judge_file_system(const std::string& folder, const std::string& type) {
    auto step = step_of("file system", exit_code::done, printable_path(folder) + " is on " + printable(type));
    step.facts = "\"type\":" + json_quote(type);
    if (is_in_memory(type)) {
        step.code = exit_code::failed;
        step.detail +=
            ", which is memory: nothing there survives a restart of the system or a power cut. Set "
            "queue.path to a place on a disk";
    } else if (is_remote(type)) {
        step.warns = true;
        step.detail +=
            ", which is not a disk of this machine: locks and syncs may not hold there, and a lost connection "
            "stops posthaste. Set queue.path to a place on a local disk";
    } else if (type.empty()) {
        step.warns = true;
        step.detail =
            "which one " + printable_path(folder) + " is on cannot be found out (/proc/self/mountinfo does not tell)";
    }
    return step;
}

check_step judge_latency(const sync_latency& found) {
    auto step = step_of("sync", exit_code::done,
                        "4 KiB are on the disk after " + latency_text(found.append) + " where a file grows, " +
                            latency_text(found.overwrite) + " where blocks are overwritten; " +
                            std::to_string(found.syncs) + " of each were measured");
    step.facts = "\"append\":" + latency_json(found.append) + ",\"overwrite\":" + latency_json(found.overwrite) +
                 ",\"syncs\":" + std::to_string(found.syncs);
    return step;
}

check_step judge_kills(const kill_count& count) {
    auto step = step_of("kills", exit_code::done,
                        "a daemon of its own was killed with SIGKILL in mid-load " + std::to_string(count.kills) +
                            " times: " + std::to_string(count.acknowledged) + " events acknowledged, " +
                            std::to_string(count.found) + " found, " + std::to_string(count.lost()) + " lost");
    step.facts = "\"kills\":" + std::to_string(count.kills) +
                 ",\"acknowledged\":" + std::to_string(count.acknowledged) +
                 ",\"found\":" + std::to_string(count.found) + ",\"lost\":" + std::to_string(count.lost());
    if (count.lost() > 0) {
        step.code = exit_code::failed;
        step.detail += ". What was acknowledged must never be lost: do not use this file system for the outbox";
    }
    return step;
}

void check_durability(const queue_settings& queue, check_report& report) {
    const auto folder = existing_ancestor(folder_of(resolved(queue.path)));
    report.push_back(judge_file_system(folder, file_system_of(folder)));
    if (report.back().code != exit_code::done) return;

    const interruption noted;
    const auto own =
        working_folder::make(folder + "/.posthaste-check-", "; run this as the user that posthaste runs as");
    if (!own) {
        report.push_back(step_of("sync", exit_code::failed, own.error().message));
        return;
    }
    report.push_back(check_latency(*own));
    if (report.back().code != exit_code::done) return;
    report.push_back(check_kills(own->path(), queue.durability));
    if (report.back().code == exit_code::done) report.push_back(power_cut(queue.durability));
}

}  // namespace posthaste
