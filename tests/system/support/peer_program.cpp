#include "tests/system/support/peer_program.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace posthaste {

namespace {

void replace_all(std::string& text, std::string_view what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
}

}  // namespace

peer_program::peer_program(std::string name, std::vector<std::string> arguments, std::string configuration) {
    replace_all(configuration, "FOLDER", folder_.path().string());
    replace_all(configuration, "PORT", std::to_string(port()));
    const std::string file = folder_.write(name + ".conf", configuration);
    command_.push_back(find_tool(name));
    for (std::string& argument : arguments) {
        replace_all(argument, "FILE", file);
        command_.push_back(std::move(argument));
    }
}

void peer_program::start() {
    process_ = std::make_unique<process>(process_options{command_, {}, {}, {}});
    EXPECT_TRUE(wait_until([&] { return port_.answers() || process_->ended(); }) && !process_->ended())
        << command_.front() << " does not listen:\n"
        << output();
}

}  // namespace posthaste
