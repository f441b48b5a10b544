#include "daemon/commands/client_options.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "daemon/commands/config_options.hpp"

namespace posthaste {

void add_client_options(CLI::App& to, std::optional<std::string>& server, std::optional<std::string>& config_file) {
    to.add_option("--server", server,
                  "The daemon's URL; else $POSTHASTE_SERVER, else the configuration's first address")
        ->type_name("URL");
    to.add_option("--config", config_file, std::string("The configuration file [") + default_config_file + "]")
        ->type_name("FILE");
}

}  // namespace posthaste
