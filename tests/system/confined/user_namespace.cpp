#include "tests/system/confined/user_namespace.hpp"

#include <array>
#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace posthaste {

namespace {

void must(bool done, const char* what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

bool write_maps(pid_t of, uid_t user) {
    const std::string map = "0 0 1\n" + std::to_string(user) + " " + std::to_string(user) + " 1\n";
    for (const char* name : {"/uid_map", "/gid_map"}) {
        // At once, as the kernel asks for it.
        std::ofstream file("/proc/" + std::to_string(of) + name);
        file << map << std::flush;
        if (!file) return false;
    }
    return true;
}

}  // namespace

void enter_user_namespace(uid_t user) {
    std::array<int, 2> entered{};
    must(::pipe(entered.data()) == 0, "pipe");
    const pid_t inside = ::getpid();
    const pid_t outside = ::fork();
    must(outside >= 0, "fork");
    if (outside == 0) {
        ::close(entered[1]);
        char byte = 0;
        const bool told = ::read(entered[0], &byte, 1) == 1;
        ::_exit(told && write_maps(inside, user) ? 0 : 1);
    }
    const bool unshared = ::unshare(CLONE_NEWUSER) == 0;
    const int why = errno;
    if (unshared) must(::write(entered[1], "+", 1) == 1, "write");
    ::close(entered[0]);
    ::close(entered[1]);
    int status = 0;
    must(::waitpid(outside, &status, 0) == outside, "waitpid");
    errno = unshared ? EPERM : why;
    must(unshared && status == 0, "PrivateUsers");
}

}  // namespace posthaste
