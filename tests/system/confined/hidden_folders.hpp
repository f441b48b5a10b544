// Folders that the program finds empty, but for what it is given of them: PrivateTmp=, ProtectHome=.

#pragma once

#include <string>
#include <vector>

namespace posthaste {

class hidden_folders {
  public:
    // What stays where it is, wherever that is: folders, with what is mounted there by now, and files.
    explicit hidden_folders(const std::vector<std::string>& kept);
    ~hidden_folders();

    hidden_folders(const hidden_folders&) = delete;
    hidden_folders& operator=(const hidden_folders&) = delete;

    // Mounts an empty file system there, in the mount namespace of this process. Nothing where there is no such folder.
    void hide(const std::string& folder, const std::string& mode);

  private:
    struct held {
        std::string path;
        int tree = -1;  // the mount that is to be put back
    };

    std::vector<held> kept_;
};

}  // namespace posthaste
