#include "tests/system/confined/system_call_filters.hpp"

#include <cerrno>
#include <initializer_list>
#include <stdexcept>

#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace posthaste {

namespace {

constexpr int families_known = 46;
constexpr unsigned long new_namespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// One filter among several: a call must pass all of them.
class filter {
  public:
    explicit filter(std::uint32_t otherwise) : context_(seccomp_init(otherwise)) {
        if (context_ == nullptr) throw std::runtime_error("seccomp_init");
    }
    ~filter() { seccomp_release(context_); }

    filter(const filter&) = delete;
    filter& operator=(const filter&) = delete;

    // Calls that this machine does not know are left out, as systemd does.
    void allow(const std::string& call) {
        const int number = seccomp_syscall_resolve_name(call.c_str());
        if (number != __NR_SCMP_ERROR) (void)seccomp_rule_add_array(context_, SCMP_ACT_ALLOW, number, 0, nullptr);
    }
    void refuse(int call, int error) {
        must(seccomp_rule_add_array(context_, SCMP_ACT_ERRNO(error), call, 0, nullptr));
    }
    void refuse(int call, int error, scmp_arg_cmp where) {
        must(seccomp_rule_add_array(context_, SCMP_ACT_ERRNO(error), call, 1, &where));
    }
    void load() { must(seccomp_load(context_)); }

  private:
    static void must(int done) {
        if (done != 0) throw std::runtime_error("a seccomp filter is not taken");
    }

    scmp_filter_ctx context_;
};

scmp_arg_cmp has_bits(unsigned argument, unsigned long bits) {
    return {argument, SCMP_CMP_MASKED_EQ, bits, bits};
}

void restrict_address_families(const unit_file& unit) {
    std::set<int> allowed;
    for (const auto& word : unit.words("RestrictAddressFamilies"))
        allowed.insert(word == "AF_INET" ? AF_INET : word == "AF_INET6" ? AF_INET6 : AF_UNIX);
    if (allowed.empty()) return;
    filter families(SCMP_ACT_ALLOW);
    for (int family = 0; family < families_known; ++family)
        if (!allowed.contains(family))
            families.refuse(SCMP_SYS(socket), EAFNOSUPPORT, {0, SCMP_CMP_EQ, static_cast<unsigned long>(family), 0});
    families.load();
}

void deny_write_and_execute() {
    filter memory(SCMP_ACT_ALLOW);
    memory.refuse(SCMP_SYS(mmap), EPERM, has_bits(2, PROT_EXEC | PROT_WRITE));
    memory.refuse(SCMP_SYS(mprotect), EPERM, has_bits(2, PROT_EXEC));
    memory.refuse(SCMP_SYS(pkey_mprotect), EPERM, has_bits(2, PROT_EXEC));
    memory.refuse(SCMP_SYS(shmat), EPERM, has_bits(2, SHM_EXEC));
    memory.load();
}

void restrict_namespaces() {
    filter namespaces(SCMP_ACT_ALLOW);
    namespaces.refuse(SCMP_SYS(setns), EPERM);
    namespaces.refuse(SCMP_SYS(clone3), ENOSYS);
    for (unsigned long bit = 1; bit <= new_namespaces; bit <<= 1) {
        if ((new_namespaces & bit) == 0) continue;
        namespaces.refuse(SCMP_SYS(unshare), EPERM, has_bits(0, bit));
        namespaces.refuse(SCMP_SYS(clone), EPERM, has_bits(0, bit));
    }
    namespaces.load();
}

void restrict_the_rest(const unit_file& unit) {
    filter rest(SCMP_ACT_ALLOW);
    if (unit.says_yes("RestrictRealtime"))
        for (const unsigned long policy : {SCHED_FIFO, SCHED_RR, 6 /* SCHED_DEADLINE */})
            rest.refuse(SCMP_SYS(sched_setscheduler), EPERM, {1, SCMP_CMP_EQ, policy, 0});
    if (unit.says_yes("RestrictSUIDSGID"))
        for (const unsigned long bit : {S_ISUID, S_ISGID}) {
            rest.refuse(SCMP_SYS(chmod), EPERM, has_bits(1, bit));
            rest.refuse(SCMP_SYS(fchmod), EPERM, has_bits(1, bit));
            rest.refuse(SCMP_SYS(fchmodat), EPERM, has_bits(2, bit));
        }
    if (unit.says_yes("LockPersonality")) rest.refuse(SCMP_SYS(personality), EPERM);
    rest.load();
}

}  // namespace

void load_system_call_filters(const unit_file& unit) {
    const auto calls = unit.allowed_calls();
    restrict_address_families(unit);
    if (unit.says_yes("MemoryDenyWriteExecute")) deny_write_and_execute();
    if (unit.says_yes("RestrictNamespaces")) restrict_namespaces();
    restrict_the_rest(unit);
    filter allowed(SCMP_ACT_ERRNO(EPERM));
    for (const auto& call : calls)
        allowed.allow(call);
    allowed.load();
}

}  // namespace posthaste
