#include "lib/event/catalog.hpp"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

event_catalog catalog_of(std::initializer_list<const char*> names) {
    event_catalog catalog;
    for (const char* name : names)
        catalog.schemas.emplace(name, schema_node{});
    return catalog;
}

TEST(catalog, finds_an_event_by_its_exact_name) {
    const event_catalog catalog = catalog_of({"Ticket Created", "Ticket Closed"});
    EXPECT_NE(catalog.find("Ticket Created"), nullptr);
    EXPECT_EQ(catalog.find("ticket created"), nullptr);
    EXPECT_EQ(catalog.find(""), nullptr);
}

TEST(catalog, names_at_most_three_close_matches_the_nearest_first) {
    const event_catalog catalog = catalog_of({"Ticket 1 Made", "Ticket 2", "Ticket 22", "Ticket 222", "Order Paid"});
    EXPECT_EQ(catalog.close_matches("ticket 2"), (std::vector<std::string>{"Ticket 2", "Ticket 22", "Ticket 222"}));
    EXPECT_EQ(catalog.close_matches("Odrer Paid"), std::vector<std::string>{"Order Paid"});
    EXPECT_TRUE(catalog.close_matches("Something else").empty());
}

}  // namespace
}  // namespace posthaste
