// File systems that a test mounts for itself.
//
// They are mounted in a namespace of this process's own, which its children share: nobody else sees them, and the
// kernel takes them (and the loop devices under them) away with the last of these processes, however that one ended.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace posthaste {

// Moves this process into such a namespace; before it starts threads. Empty: done. Else why this machine does not let
// us mount, and what would.
[[nodiscard]] std::string enter_own_mounts();

// One mounted file system.
class mounted {
  public:
    // `arguments`: mount(8)'s, without the folder. Throws with what mount says.
    mounted(std::vector<std::string> arguments, std::string folder);
    // Unmounts lazily: also when the device below is gone and files are still open.
    ~mounted();

    mounted(const mounted&) = delete;
    mounted& operator=(const mounted&) = delete;

  private:
    std::string folder_;
};

// Runs a program of the system by its name ("mkfs.ext4"); throws, with its output, when it fails.
void run_tool(std::string_view name, std::vector<std::string> arguments);
// Its path; empty when it is not installed.
[[nodiscard]] std::string find_tool(std::string_view name);

}  // namespace posthaste
