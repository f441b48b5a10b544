// Each rule finds what it is there to find: a small tree with one violation planted in it.

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/system/support/temp_folder.hpp"
#include "tests/tidy/rules.hpp"

namespace posthaste {

namespace {

const std::string header = "// A contract.\n\n#pragma once\n";

class planted : public testing::Test {
  protected:
    planted() {
        plant("lib/base/text.hpp", header);
        plant("lib/event/event.hpp", header + "#include \"lib/base/text.hpp\"\n");
        plant("daemon/store/store.hpp", header + "#include \"lib/event/event.hpp\"\n");
        plant("daemon/main.cpp", "#include \"daemon/store/store.hpp\"\n");
        plant("tests/run", "#!/usr/bin/env bash\nset -euo pipefail\n", true);
    }

    void plant(const std::string& path, const std::string& text, bool executable = false) {
        const std::filesystem::path file = folder_ / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
        std::filesystem::permissions(
            file, std::filesystem::perms::owner_exec,
            executable ? std::filesystem::perm_options::add : std::filesystem::perm_options::remove);
    }

    // The rule has nothing to say before, and names the file after it was planted.
    void expect_found(violations (*rule)(const source_tree&), const std::string& path, const std::string& text,
                      bool executable = false) {
        EXPECT_EQ(rule(read_source_tree(folder_.path())), violations{});
        plant(path, text, executable);
        const violations found = rule(read_source_tree(folder_.path()));
        ASSERT_EQ(found.size(), 1u) << testing::PrintToString(found) << " of " << text;
        EXPECT_TRUE(found[0].starts_with(path.substr(0, path.find('/')))) << found[0];
        std::filesystem::remove(folder_ / path);
    }

    temp_folder folder_;
};

}  // namespace

TEST_F(planted, an_include_that_points_up) {
    expect_found(includes_that_point_up, "lib/base/bad.cpp", "#include \"lib/event/event.hpp\"\n");
    expect_found(includes_that_point_up, "lib/event/bad.cpp", "#include \"daemon/store/store.hpp\"\n");
    expect_found(includes_that_point_up, "lib/event/bad.cpp", "#include \"event.hpp\"\n");
    expect_found(includes_that_point_up, "lib/novel/bad.cpp", "\n");
    plant("daemon/server/session.hpp", header);
    expect_found(includes_that_point_up, "daemon/upstream/bad.cpp", "#include \"daemon/server/session.hpp\"\n");
}

TEST_F(planted, a_library_that_does_instead_of_deciding) {
    for (const char* text :
         {"#include <boost/asio/post.hpp>\n", "#include <boost/beast/http.hpp>\n", "#include <thread>\n",
          "#include <sys/socket.h>\n", "auto now = std::chrono::steady_clock::now();\n",
          "auto now = system_clock::now();\n", "auto now = time(nullptr);\n", "std::random_device seed;\n"})
        expect_found(impure_library_code, "lib/base/bad.cpp", text);
}

TEST_F(planted, text_that_is_too_long_or_untidy) {
    std::string lines;
    for (int n = 0; n < 81; ++n)
        lines += "\n";
    expect_found(overlong_or_untidy_text, "daemon/main.cpp", lines);
    plant("daemon/main.cpp", "\n");
    for (int n = 81; n < 401; ++n)
        lines += "\n";
    expect_found(overlong_or_untidy_text, "lib/base/bad.cpp", lines);
    expect_found(overlong_or_untidy_text, "lib/base/bad.cpp", std::string(121, 'x') + "\n");
    expect_found(overlong_or_untidy_text, "lib/base/bad.cpp", "\tx\n");
    expect_found(overlong_or_untidy_text, "lib/base/bad.cpp", "x \n");
    expect_found(overlong_or_untidy_text, "lib/base/bad.cpp", "x");
    plant("lib/base/fine.cpp", "// " + std::string(115, 'x') + "é\n");
    EXPECT_EQ(overlong_or_untidy_text(read_source_tree(folder_.path())), violations{});
}

TEST_F(planted, a_header_without_a_contract) {
    expect_found(headers_without_a_contract, "lib/base/bad.hpp", "#pragma once\n");
    expect_found(headers_without_a_contract, "lib/base/bad.hpp", "// A contract.\n\n#include <string>\n#pragma once\n");
}

TEST_F(planted, a_co_await_that_the_compiler_gets_wrong) {
    for (const char* text : {"    if (co_await ready()) go();\n", "    auto x = co_await call([&] { return 1; });\n",
                             "    co_await call({.x = 1});\n", "    auto x = 1 + co_await call();\n",
                             "    while (more &&\n           co_await ready())\n", "    return co_await call(a);\n"})
        expect_found(entangled_co_awaits, "daemon/store/bad.cpp", text);
    plant("daemon/store/fine.cpp",
          "    auto x = co_await call(a, b);\n    co_await call(a);  // co_await {}\n"
          "    const auto [error, size] =\n        co_await call(a,\n                      b);\n");
    EXPECT_EQ(entangled_co_awaits(read_source_tree(folder_.path())), violations{});
}

TEST_F(planted, a_name_in_another_style) {
    expect_found(names_in_another_style, "lib/base/Bad.cpp", "\n");
    expect_found(names_in_another_style, "lib/base/bad.cpp", "class BadName {\n");
    expect_found(names_in_another_style, "lib/base/bad.cpp", "    using Bad = int;\n");
}

TEST_F(planted, a_loose_end) {
    expect_found(loose_ends, "lib/base/bad.cpp",
                 "// TO"
                 "DO: later\n");
}

TEST_F(planted, a_stranger_at_the_top) {
    expect_found(strangers_at_the_top, "notes.txt", "\n");
    expect_found(strangers_at_the_top, "src/main.cpp", "\n");
}

TEST_F(planted, a_careless_script) {
    expect_found(careless_scripts, "tests/bad", "#!/usr/bin/env bash\nset -euo pipefail\n");
    expect_found(careless_scripts, "tests/bad", "#!/usr/bin/env bash\n", true);
    expect_found(careless_scripts, "tests/bad", "#!/bin/bash\n", true);
    expect_found(careless_scripts, "tests/bad", "\n", true);
}

}  // namespace posthaste
