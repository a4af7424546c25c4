#include "access/proxy_headers.h"

#include "access/group_list.h"

namespace tailrace {
namespace {

constexpr TimeNs kNsPerMs = 1'000'000;

}  // namespace

Decision ProxyHeadersAuthenticator::Decide(const Credentials& credentials) {
  const Headers& headers = credentials.head.headers;
  if (!credentials.from_trusted_proxy) return Decision::NotMine();
  const auto refuse = [](const std::string& name) {
    return Decision::Refuse(ProblemFrom(401, name + ": the proxy sent it twice, or it is no name"));
  };
  Identity identity;
  if (headers.Count(config_.user_header) > 1 ||
      !TakeUserName(headers.Find(config_.user_header).value_or(""), identity.user)) {
    return refuse(config_.user_header);
  }
  if (identity.user.empty()) return Decision::NotMine();
  if (!config_.groups_header.empty() &&
      (headers.Count(config_.groups_header) > 1 ||
       !TakeGroupList(headers.Find(config_.groups_header).value_or(""), identity.groups))) {
    return refuse(config_.groups_header);
  }
  identity.proof = Proof::kProxyHeaders;
  identity.expires = clock_.Now() + static_cast<TimeNs>(config_.max_age_ms) * kNsPerMs;
  return Decision::Is(std::make_shared<const Identity>(std::move(identity)));
}

}  // namespace tailrace
