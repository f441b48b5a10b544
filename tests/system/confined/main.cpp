// Becomes a program under the restrictions of a unit file, where no systemd runs that would apply them:
// confined UNIT STATE_FOLDER PROGRAM [ARGUMENT]…
//
// Applied are the system call filters, the capabilities, the user and its namespace, no new privileges, the limits, and
// of the file system: all of it read-only but the state folder and a /tmp of its own, no homes, a /dev and a /proc of
// its own. The state folder's parent stays where it is, as a configuration is there, and so does the program.

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/system/confined/hidden_folders.hpp"
#include "tests/system/confined/system_call_filters.hpp"
#include "tests/system/confined/user_namespace.hpp"

namespace posthaste {
namespace {

constexpr uid_t nobody = 65534;
constexpr std::array private_folders = {"/tmp", "/var/tmp"};

void must(bool done, const std::string& what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

void set_read_only(const std::string& path, bool read_only, unsigned flags) {
    mount_attr attributes{};
    (read_only ? attributes.attr_set : attributes.attr_clr) = MOUNT_ATTR_RDONLY;
    must(::mount_setattr(AT_FDCWD, path.c_str(), flags, &attributes, sizeof attributes) == 0, "mount_setattr " + path);
}

// The devices that everybody may have, and no other.
void make_devices_private(const std::string& state) {
    const std::string kept = state + "/.dev";
    must(::mkdir(kept.c_str(), 0755) == 0, kept);
    must(::mount("devices", kept.c_str(), "tmpfs", 0, "mode=755") == 0, kept);
    for (const char* name : {"null", "zero", "full", "random", "urandom"}) {
        const std::string device = kept + "/" + name;
        must(::close(::open(device.c_str(), O_CREAT | O_WRONLY, 0666)) == 0, device);
        must(::mount((std::string("/dev/") + name).c_str(), device.c_str(), nullptr, MS_BIND, nullptr) == 0, device);
    }
    must(::mount(kept.c_str(), "/dev", nullptr, MS_MOVE, nullptr) == 0, "/dev");
    must(::rmdir(kept.c_str()) == 0, kept);
}

void hide_folders(const unit_file& unit, const std::vector<std::string>& kept) {
    hidden_folders folders(kept);
    if (unit.says_yes("PrivateTmp"))
        for (const char* folder : private_folders)
            folders.hide(folder, "1777");
    if (unit.says_yes("ProtectHome"))
        for (const char* folder : {"/home", "/root", "/run/user"})
            folders.hide(folder, "755");
}

void confine_files(const unit_file& unit, const std::string& state, const std::string& program) {
    must(::unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) == 0, "unshare");
    must(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "/");
    must(::chown(state.c_str(), nobody, nobody) == 0, state);
    hide_folders(unit, {std::filesystem::path(state).parent_path(), program});
    must(::mount(state.c_str(), state.c_str(), nullptr, MS_BIND, nullptr) == 0, state);
    if (unit.says_yes("PrivateDevices")) make_devices_private(state);
    if (unit.words("ProcSubset") == std::vector<std::string>{"pid"})
        must(::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=invisible,subset=pid") == 0,
             "/proc");
    if (unit.words("ProtectSystem") != std::vector<std::string>{"strict"}) return;
    set_read_only("/", true, AT_RECURSIVE);
    set_read_only("/proc", false, 0);
    set_read_only(state, false, 0);
    for (const char* folder : private_folders)
        if (unit.says_yes("PrivateTmp")) set_read_only(folder, false, 0);
}

void drop_privileges(const unit_file& unit) {
    rlimit files{};
    must(::getrlimit(RLIMIT_NOFILE, &files) == 0, "LimitNOFILE");
    files.rlim_max = std::min(files.rlim_max, std::stoul(unit.words("LimitNOFILE").at(0)));
    files.rlim_cur = files.rlim_max;  // a container may not be let have more
    must(::setrlimit(RLIMIT_NOFILE, &files) == 0, "LimitNOFILE");
    ::umask(static_cast<mode_t>(std::stoul(unit.words("UMask").at(0), nullptr, 8)));
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
        must(::prctl(PR_CAPBSET_DROP, capability) == 0, "CapabilityBoundingSet");
    must(::setgroups(0, nullptr) == 0 && ::setgid(nobody) == 0 && ::setuid(nobody) == 0, "User");
    if (unit.says_yes("NoNewPrivileges")) must(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "NoNewPrivileges");
}

}  // namespace
}  // namespace posthaste

int main(int count, char** arguments) {
    try {
        if (count < 4) throw std::runtime_error("usage: confined UNIT STATE_FOLDER PROGRAM [ARGUMENT]...");
        const posthaste::unit_file unit(arguments[1]);
        ::umask(022);  // until the unit's own
        posthaste::confine_files(unit, arguments[2], arguments[3]);
        if (unit.says_yes("PrivateUsers")) posthaste::enter_user_namespace(posthaste::nobody);
        posthaste::drop_privileges(unit);
        posthaste::load_system_call_filters(unit);
        ::execv(arguments[3], arguments + 3);
        posthaste::must(false, arguments[3]);
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "confined: %s\n", failed.what());
    }
    return 127;
}
