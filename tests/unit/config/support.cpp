#include "tests/unit/config/support.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace posthaste::test {

environment environment_of(variables values) {
    return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
        const auto found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    };
}

result<settings, config_problems> load(std::string_view text, std::vector<config_override> overrides,
                                       const variables& env) {
    return load_settings({"posthaste.json", std::string(text), std::move(overrides)}, environment_of(env));
}

settings loaded(std::string_view text, std::vector<config_override> overrides, const variables& env) {
    auto all = load(text, std::move(overrides), env);
    if (all) return *std::move(all);
    for (const auto& problem : all.error()) {
        ADD_FAILURE() << problem.text;
    }
    return {};
}

std::vector<std::string> problems_of(std::string_view text, std::vector<config_override> overrides,
                                     const variables& env) {
    const auto all = load(text, std::move(overrides), env);
    std::vector<std::string> lines;
    if (all) return lines;
    for (const auto& problem : all.error()) {
        lines.push_back(problem.text);
    }
    return lines;
}

std::string with_url(std::string_view members) {
    return R"({"upstream": {"url": "https://api.example.com"}, )" + std::string(members) + "}";
}

scratch_folder::scratch_folder() {
    path_ = (std::filesystem::temp_directory_path() / "posthaste-config-XXXXXX").string();
    if (!::mkdtemp(path_.data())) throw std::runtime_error("cannot make a folder for the test");
}

scratch_folder::~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string scratch_folder::write(const std::string& name, std::string_view text, mode_t mode) const {
    const auto file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    ::chmod(file.c_str(), mode);
    return file.string();
}

}  // namespace posthaste::test
