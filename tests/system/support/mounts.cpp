#include "tests/system/support/mounts.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/system/support/process.hpp"

namespace posthaste {

std::string enter_own_mounts() {
    static const bool entered =
        unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (entered) return {};
    return std::string("file systems cannot be mounted here (") + std::strerror(errno) + "): run the tests as root";
}

std::string find_tool(std::string_view name) {
    for (const char* folder : {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"}) {
        std::string path = folder + std::string(name);
        if (access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
}

void run_tool(std::string_view name, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), find_tool(name));
    const finished ended = run_to_end({std::move(arguments), {}, {}, {}});
    if (ended.status != 0) throw std::runtime_error(std::string(name) + ": " + ended.output + ended.error);
}

mounted::mounted(std::vector<std::string> arguments, std::string folder) : folder_(std::move(folder)) {
    arguments.push_back(folder_);
    run_tool("mount", std::move(arguments));
}

mounted::~mounted() {
    umount2(folder_.c_str(), MNT_DETACH);
}

}  // namespace posthaste
