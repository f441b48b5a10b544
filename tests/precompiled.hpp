// What nearly every test includes and none of them changes; precompiled, as it is half of what compiling a test costs.

#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

// Its members are compiled once, in json.cpp: a sixth of what compiling a test costs.
extern template class nlohmann::basic_json<>;
