#include "tests/system/support/power_cut_disk.hpp"

#include <filesystem>
#include <stdexcept>

#include <sys/mount.h>
#include <unistd.h>

namespace posthaste {

namespace {

std::string missing_here() {
    for (const char* tool : {"nbdkit", "nbdfuse", "fusermount3", "mkfs.ext4", "mount"})
        if (find_tool(tool).empty())
            return std::string(tool) + " is not installed (Debian: apt-get install nbdkit libnbd-bin fuse3)";
    for (const char* device : {"/dev/fuse", "/dev/loop-control"})
        if (access(device, R_OK | W_OK) != 0) return std::string(device) + " cannot be used here";
    return enter_own_mounts();
}

}  // namespace

power_cut_disk::power_cut_disk(std::size_t bytes) : trouble_(missing_here()) {
    if (!trouble_.empty()) return;
    const std::string platters = folder_.write("platters", "");
    std::filesystem::resize_file(platters, bytes);
    run_tool("mkfs.ext4", {"-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", platters});
    std::filesystem::create_directory(folder_ / "device");
    std::filesystem::create_directory(folder());
    connect();
}

power_cut_disk::~power_cut_disk() {
    cut();
    disconnect();
}

void power_cut_disk::connect() {
    const std::string socket = folder_ / "socket";
    std::filesystem::remove(socket);
    server_ = std::make_unique<process>(
        process_options{{find_tool("nbdkit"), "--foreground", "--unix", socket, "--filter=error", "--filter=cache",
                         "file", folder_ / "platters", "cache=writeback", "cache-min-block-size=4K", "error-rate=100%",
                         "error-file=" + (folder_ / "failing")},
                        {},
                        {},
                        {}});
    if (!wait_until([&] { return std::filesystem::exists(socket) || server_->ended(); }) || server_->ended())
        throw std::runtime_error("nbdkit did not start: " + server_->output());
    const std::string file = folder_ / "device/disk";
    device_ = std::make_unique<process>(
        process_options{{find_tool("nbdfuse"), file, "nbd+unix:///?socket=" + socket}, {}, {}, {}});
    if (!wait_until([&] { return std::filesystem::exists(file) || device_->ended(); }) || device_->ended())
        throw std::runtime_error("nbdfuse did not start: " + device_->output());
    mount_ = std::make_unique<mounted>(std::vector<std::string>{"-o", "loop", file}, folder());
}

void power_cut_disk::cut() {
    for (const auto& part : {server_.get(), device_.get()}) {
        if (part == nullptr) continue;
        part->signal(SIGKILL);
        part->wait();
    }
}

void power_cut_disk::disconnect() {
    mount_.reset();
    umount2((folder_ / "device").c_str(), MNT_DETACH);
    device_.reset();
    server_.reset();
}

void power_cut_disk::bring_back() {
    disconnect();
    connect();
}

void power_cut_disk::fail(bool failing) {
    if (failing)
        folder_.write("failing", "");
    else
        std::filesystem::remove(folder_ / "failing");
}

}  // namespace posthaste
