#include "daemon/server/routes.hpp"

#include <gtest/gtest.h>

#include "daemon/server/reading_handler.hpp"

namespace posthaste {
namespace {

class nothing final : public reading_handler {
  public:
    void handle(std::shared_ptr<exchange>) override {}
};

struct routes_of_posthaste : testing::Test {
    routes_of_posthaste() {
        routes.add("POST", "/run/event", access_scope::app, run);
        routes.add("POST", "/{version}/run/event", access_scope::app, run);
        routes.add("GET", "/v1/events/{id}", access_scope::app, show);
        routes.add("DELETE", "/v1/events/{id}", access_scope::operators, remove);
    }

    result<route, problem> routed(std::string_view method, std::string_view path) {
        request_head head;
        head.method = method;
        head.path = path;
        return routes.find(head);
    }
    unsigned status_of(std::string_view method, std::string_view path) {
        const auto found = routed(method, path);
        return found ? 200 : found.error().status;
    }

    nothing run, show, remove;
    path_router routes;
};

TEST_F(routes_of_posthaste, find_the_handler_of_a_path_and_method) {
    EXPECT_EQ(routed("POST", "/run/event")->to, &run);
    EXPECT_EQ(routed("POST", "/2023-12/run/event")->to, &run);
    EXPECT_EQ(routed("GET", "/v1/events/abc")->to, &show);
    EXPECT_EQ(routed("HEAD", "/v1/events/abc")->to, &show);
    EXPECT_EQ(routed("DELETE", "/v1/events/abc")->to, &remove);
}

TEST_F(routes_of_posthaste, tell_who_may_call_each_method_of_a_path) {
    EXPECT_EQ(routed("GET", "/v1/events/abc")->scope, access_scope::app);
    EXPECT_EQ(routed("HEAD", "/v1/events/abc")->scope, access_scope::app);
    EXPECT_EQ(routed("DELETE", "/v1/events/abc")->scope, access_scope::operators);
}

TEST_F(routes_of_posthaste, take_a_version_for_what_it_is_only) {
    for (const char* version :
         {"2023-00", "2023-13", "2023-1", "23-12", "2023-012", "2023_12", "v1", "", "2023-1a", "abcd-12"})
        EXPECT_EQ(status_of("POST", "/" + std::string(version) + "/run/event"), 404U) << version;
    for (const char* version : {"2023-01", "2025-09", "0000-12"})
        EXPECT_EQ(status_of("POST", "/" + std::string(version) + "/run/event"), 200U) << version;
}

TEST_F(routes_of_posthaste, know_no_path_that_is_merely_alike) {
    for (const char* path :
         {"/", "/run", "/run/", "/run/event/", "/run/events", "//run/event", "/RUN/event", "/run%2Fevent",
          "/v1/events/", "/v1/events", "/v1/events/a/b", "/./run/event", "/2023-12/run/event/x"})
        EXPECT_EQ(status_of("POST", path), 404U) << path;
}

TEST_F(routes_of_posthaste, name_the_methods_a_path_has) {
    const auto wrong = routed("GET", "/run/event");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().status, 405U);
    EXPECT_EQ(wrong.error().allow, "POST");
    EXPECT_EQ(routed("OPTIONS", "/v1/events/abc").error().allow, "GET, HEAD, DELETE");
    EXPECT_EQ(status_of("post", "/run/event"), 405U);
}

}  // namespace
}  // namespace posthaste
