#include "daemon/commands/client_options.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "daemon/commands/config_options.hpp"

namespace posthaste {

void add_client_options(CLI::App& to, client_options& options) {
    to.add_option("--server", options.server,
                  "The daemon's URL, or unix:PATH; else $POSTHASTE_SERVER, else the configuration's first address")
        ->type_name("URL");
    to.add_option("--token-file", options.token_file, "The file of the token to show, where the daemon asks for one")
        ->type_name("FILE");
    to.add_option("--config", options.config_file, std::string("The configuration file [") + default_config_file + "]")
        ->type_name("FILE");
}

}  // namespace posthaste
