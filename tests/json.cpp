// The one translation unit of the tests that compiles the members of json.

#include <nlohmann/json.hpp>

template class nlohmann::basic_json<>;
