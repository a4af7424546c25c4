#include "server/outer_authenticators.h"

#include <chrono>

#include "access/jwt_authenticator.h"
#include "access/proxy_headers.h"
#include "io/loop.h"
#include "server/server_config.h"

namespace tailrace {
namespace {

constexpr FetchLimits kKeyFetches = {.concurrent = 1, .waiting = 4};

uint64_t SteadyMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace

Result<std::unique_ptr<OuterAuthenticators>> OuterAuthenticators::Make(const ServerConfig& config) {
  std::unique_ptr<OuterAuthenticators> outer(new OuterAuthenticators(config));
  if (config.access.enabled) {
    auto keys = LinkKeys::Open(config.data + "/link-keys", outer->random_, Clock::System());
    if (!keys) return Fail(keys.error());
    outer->link_keys_ = std::move(*keys);
  }
  if (const ForwardAuthConfig& forward = config.forward_auth; !forward.url.empty()) {
    auto fetcher = MakeHttpFetcher({forward.concurrent, forward.waiting}, forward.ca_file);
    auto made = ForwardAuth::Make(forward, std::move(fetcher), SteadyMs);
    if (!made) return Fail(made.error());
    outer->forward_auth_ = std::move(*made);
  }
  if (!config.jwt.keys.empty()) {
    auto made =
        JwtKeys::Make(config.jwt, MakeHttpFetcher(kKeyFetches, config.jwt.ca_file), SteadyMs);
    if (!made) return Fail(made.error());
    outer->jwt_keys_ = std::move(*made);
  }
  return outer;
}

// The quick ones first; the one that asks elsewhere last.
void OuterAuthenticators::AddLinksTo(AuthenticatorChain& chain) {
  chain.Add(std::make_unique<LinkAuthenticator>(*link_keys_));
}

void OuterAuthenticators::AddTo(AuthenticatorChain& chain, Loop& loop) {
  const auto post = [&loop](std::move_only_function<void()> task) { loop.Post(std::move(task)); };
  if (jwt_keys_ != nullptr) {
    chain.Add(std::make_unique<JwtAuthenticator>(config_.jwt, *jwt_keys_, post, Clock::System()));
  }
  if (!config_.proxy_auth.user_header.empty()) {
    chain.Add(std::make_unique<ProxyHeadersAuthenticator>(config_.proxy_auth, Clock::System()));
  }
  if (forward_auth_ != nullptr) {
    chain.Add(std::make_unique<ForwardAuthenticator>(*forward_auth_, post));
  }
}

}  // namespace tailrace
