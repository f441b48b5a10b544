// GET /openapi.json: all of this API as OpenAPI 3.1, with which the tests hold the answers against the words.
//
// The document is openapi.json beside this file, compiled in.

#pragma once

#include "daemon/server/reading_handler.hpp"

namespace posthaste {

[[nodiscard]] std::string_view openapi_document() noexcept;

class openapi_handler final : public reading_handler {
  public:
    void handle(std::shared_ptr<exchange> request) override {
        request->answer(response{.body = std::string(openapi_document())});
    }
};

}  // namespace posthaste
