// A disk whose power can be cut: an ext4 file system over a block device with a volatile write cache, as real disks
// have it. What was written since the last flush is lost, whoever was told that it is stored.
//
// From below: a plain file (what the platters hold) ← nbdkit, whose cache filter keeps writes in a temporary file of
// its own until a flush comes, and is gone with the process ← nbdfuse, which shows that as a file ← a loop device ←
// ext4. A flush goes all the way: fdatasync → ext4 → the loop device's flush → FSYNC of FUSE → flush of NBD → the plain
// file. The loop device needs no direct-io: its page cache over FUSE is write-through, and is dropped with the mount.
// `cache-min-block-size=4K`, as with the default of 64 KiB each small write would first read its surroundings.

#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "tests/system/support/mounts.hpp"
#include "tests/system/support/process.hpp"
#include "tests/system/support/temp_folder.hpp"

namespace posthaste {

class power_cut_disk {
  public:
    // A fresh file system, mounted unless trouble() says otherwise.
    explicit power_cut_disk(std::size_t bytes);
    ~power_cut_disk();

    power_cut_disk(const power_cut_disk&) = delete;
    power_cut_disk& operator=(const power_cut_disk&) = delete;

    // Why this machine cannot have such a disk; empty: it has.
    [[nodiscard]] std::string trouble() const { return trouble_; }
    // Where it is mounted.
    [[nodiscard]] std::string folder() const { return folder_ / "mounted"; }

    // The power goes: from now on nothing reaches the disk, and every access fails.
    void cut();
    // It comes back: mounted afresh, which replays the journal. Nobody may have files open there.
    void bring_back();

    // While this holds, every write and read of the device fails with EIO.
    void fail(bool failing);

  private:
    void connect();
    void disconnect();

    temp_folder folder_;
    std::string trouble_;
    std::unique_ptr<process> server_;  // nbdkit
    std::unique_ptr<process> device_;  // nbdfuse
    std::unique_ptr<mounted> mount_;
};

}  // namespace posthaste
