#include "daemon/supervisor/process_facts.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

namespace posthaste {

namespace {

// The fields of /proc/self/stat from the third one on (proc(5)); the second, a name in brackets, may hold anything.
std::vector<double> stat_fields() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) return {};
    std::istringstream rest(line.substr(name_end + 1));
    std::string state;
    rest >> state;
    std::vector<double> fields{0};  // the state, which is no number
    for (double value = 0; rest >> value;)
        fields.push_back(value);
    return fields;
}

// proc(5) counts from 1.
constexpr std::size_t at(std::size_t number) {
    return number - 3;
}

double seconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Without /proc/stat, which a service may not see (ProcSubset=pid). Once, so that no set clock moves the start.
double boot_time() {
    static const double booted = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME);
    return booted;
}

std::optional<double> open_files() {
    std::error_code failed;
    double count = 0;
    for (std::filesystem::directory_iterator each("/proc/self/fd", failed), end; !failed && each != end;
         each.increment(failed))
        ++count;
    if (failed) return {};
    return count - 1;  // the one that this was read by
}

std::optional<double> most_files() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return {};
    return static_cast<double>(files.rlim_cur);
}

}  // namespace

process_facts read_process_facts() {
    process_facts facts{.open_files = open_files(), .most_files = most_files()};
    const std::vector<double> stat = stat_fields();
    if (stat.size() <= at(24)) return facts;
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    facts.cpu_seconds = (stat[at(14)] + stat[at(15)]) / ticks;
    facts.start_time_seconds = boot_time() + stat[at(22)] / ticks;
    facts.virtual_bytes = stat[at(23)];
    facts.resident_bytes = stat[at(24)] * static_cast<double>(sysconf(_SC_PAGESIZE));
    return facts;
}

}  // namespace posthaste
