#include <array>
#include <map>
#include <optional>

#include "tests/tidy/rules.hpp"

namespace posthaste {

namespace {

// A module may include itself and those of a lower rank.
const std::map<std::string, int> ranks = {
    {"lib/base", 0},          {"lib/event", 1},        {"lib/config", 2},      {"lib/outbox", 3},
    {"lib/delivery", 4},      {"lib/http", 5},         {"lib/identity", 6},    {"lib/metrics", 7},
    {"lib/sandbox", 8},       {"daemon/store", 10},    {"daemon/server", 11},  {"daemon/upstream", 11},
    {"daemon/dashboard", 12}, {"daemon/delivery", 12}, {"daemon/sandbox", 12}, {"daemon/supervisor", 13},
    {"daemon/commands", 14},
};

std::string module_of(const std::string& path) {
    const std::size_t second = path.find('/', path.find('/') + 1);
    return second == std::string::npos ? std::string() : path.substr(0, second);
}

std::optional<std::string> quoted_include(std::string_view line) {
    static constexpr std::string_view start = "#include \"";
    if (!line.starts_with(start)) return {};
    line.remove_prefix(start.size());
    return std::string(line.substr(0, line.find('"')));
}

// Why a file of module `from` may not include `path`; empty: it may.
std::string objection(const source_tree& tree, const std::string& from, const std::string& path) {
    if (!tree.contains(path)) return "there is no " + path + ": an include names its layer, from the root";
    const std::string to = module_of(path);
    const auto from_rank = ranks.find(from);
    if (from_rank == ranks.end() || to == from) return {};  // tests and main.cpp may see everything
    const auto to_rank = ranks.find(to);
    if (to_rank == ranks.end() || to_rank->second >= from_rank->second)
        return from + " may not include " + path + ": includes point down";
    return {};
}

constexpr std::array impurities = {
    "#include <boost/asio", "#include <boost/beast",
    "#include <thread>",    "#include <sys/socket",
    "#include <sys/epoll",  "#include <netinet/",
    "#include <openssl/",   "_clock::now(",
    "clock_gettime(",       "gettimeofday(",
    "time(nullptr)",        "time(NULL)",
    "random_device",        " rand()",
    "std::rand()",
};

}  // namespace

violations includes_that_point_up(const source_tree& tree) {
    violations found;
    for (const source_file& file : tree.files) {
        if (!file.is_cpp()) continue;
        const std::string from = module_of(file.path);
        if ((file.is_below("lib/") || file.is_below("daemon/")) && !from.empty() && !ranks.contains(from))
            found.push_back(violation_at(file, 1, "the module " + from + " has no place in the order of modules"));
        for (const source_line& line : file.lines()) {
            const auto path = quoted_include(line.text);
            const std::string why = path ? objection(tree, from, *path) : std::string();
            if (!why.empty()) found.push_back(violation_at(file, line.number, why));
        }
    }
    return found;
}

violations impure_library_code(const source_tree& tree) {
    violations found;
    for (const source_file& file : tree.files) {
        if (!file.is_cpp() || !file.is_below("lib/") || file.path == "lib/base/log_sink.cpp") continue;
        for (const source_line& line : file.lines()) {
            for (const std::string_view impurity : impurities) {
                if (file.path == "lib/base/sha256.cpp" && impurity == "#include <openssl/") continue;
                if (line.text.find(impurity) != std::string_view::npos)
                    found.push_back(
                        violation_at(file, line.number, "lib/ decides, daemon/ does: " + std::string(impurity)));
            }
        }
    }
    return found;
}

}  // namespace posthaste
