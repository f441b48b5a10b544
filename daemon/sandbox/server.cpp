#include "daemon/sandbox/server.hpp"

#include <algorithm>
#include <utility>

#include "daemon/sandbox/resources.hpp"
#include "daemon/sandbox/slack_webhooks.hpp"
#include "daemon/server/listener.hpp"

namespace posthaste {

namespace {

listener_options listener_of(const sandbox_options& options) {
    listener_options listening;
    listening.listen.addresses = {options.listen};
    listening.now = options.now;
    return listening;
}

}  // namespace

struct sandbox_server::impl {
    impl(boost::asio::io_context& io, sandbox_options options)
        : print(std::move(options.show)),
          has_webhooks(std::ranges::any_of(options.configuration.workflows,
                                           [](const workflow& each) { return each.webhook.has_value(); })),
          upstream(std::move(options.configuration), std::move(options.key)),
          faults(io, options.faults, std::move(options.random)),
          webhooks(io),
          routes(make_sandbox_routes({upstream, faults, options.now, [this](const workflow_run& run) { show(run); }})),
          door(io, listener_of(options), *routes) {}

    void show(const workflow_run& run) {
        print(run.message);
        if (run.what->webhook) webhooks.post(*run.what->webhook, run.message);
    }

    std::function<void(const slack_message&)> print;
    bool has_webhooks;
    sandbox upstream;
    fault_injector faults;
    slack_webhooks webhooks;
    std::unique_ptr<router> routes;
    listener door;
};

sandbox_server::sandbox_server(boost::asio::io_context& io, sandbox_options options)
    : impl_(std::make_unique<impl>(io, std::move(options))) {}

sandbox_server::~sandbox_server() = default;

result<void, start_failure> sandbox_server::open() {
    if (impl_->has_webhooks)
        if (auto certificates = impl_->webhooks.open(); !certificates) return certificates;
    return impl_->door.open();
}

std::string sandbox_server::address() const {
    return impl_->door.addresses().front();
}

void sandbox_server::start() {
    impl_->door.start();
}

void sandbox_server::stop(std::function<void()> done) {
    impl_->faults.hurry();
    impl_->webhooks.close();
    impl_->door.stop(std::move(done));
}

}  // namespace posthaste
