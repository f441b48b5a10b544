#include "tests/system/confined/hidden_folders.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace posthaste {

namespace {

namespace fs = std::filesystem;

void must(bool done, const std::string& what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

// Something to mount on, of the same kind.
void make_place(const std::string& path, int tree) {
    struct stat facts{};
    must(::fstat(tree, &facts) == 0, path);
    if (S_ISDIR(facts.st_mode)) {
        fs::create_directories(path);
        return;
    }
    fs::create_directories(fs::path(path).parent_path());
    must(::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) == 0, path);
}

}  // namespace

hidden_folders::hidden_folders(const std::vector<std::string>& kept) {
    for (const std::string& path : kept) {
        kept_.push_back({path, ::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)});
        must(kept_.back().tree >= 0, "open_tree " + path);
    }
}

hidden_folders::~hidden_folders() {
    for (const held& each : kept_)
        ::close(each.tree);
}

void hidden_folders::hide(const std::string& folder, const std::string& mode) {
    if (!fs::is_directory(folder)) return;
    must(::mount("hidden", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, ("mode=" + mode).c_str()) == 0, folder);
    for (const held& each : kept_) {
        if (!each.path.starts_with(folder + "/")) continue;
        make_place(each.path, each.tree);
        must(::move_mount(each.tree, "", AT_FDCWD, each.path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0, each.path);
    }
}

}  // namespace posthaste
