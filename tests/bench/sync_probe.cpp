// What a sync costs in a folder: sync_probe FOLDER WRITES
//
// Appends 4 KiB and calls fdatasync, then overwrites those blocks in the same way (what a recycled WAL does); prints
// the median of each in microseconds: "append 180 overwrite 120".

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace {

constexpr std::size_t block_size = 4096;

double median_of_synced_writes(int file, int writes) {
    std::array<char, block_size> block{};
    std::vector<double> taken;
    for (int n = 0; n < writes; ++n) {
        block.fill(static_cast<char>(n));
        const auto begun = std::chrono::steady_clock::now();
        if (pwrite(file, block.data(), block.size(), static_cast<off_t>(block_size) * n) < 0 || fdatasync(file) != 0)
            return -1;
        taken.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun).count());
    }
    std::nth_element(taken.begin(), taken.begin() + writes / 2, taken.end());
    return taken[static_cast<std::size_t>(writes) / 2];
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) return 2;
    const int writes = std::max(1, std::atoi(arguments[2]));
    const std::string name = std::string(arguments[1]) + "/sync_probe";
    const int file = open(name.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) {
        std::perror(name.c_str());
        return 1;
    }
    const double append = median_of_synced_writes(file, writes);
    const double overwrite = median_of_synced_writes(file, writes);
    unlink(name.c_str());
    std::printf("append %.0f overwrite %.0f\n", append, overwrite);
    return append < 0 || overwrite < 0 ? 1 : 0;
}
