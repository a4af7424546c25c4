// ApiFollowPort: the real world of a follower: one cluster's API server and the loop's timers.
#pragma once

#include <memory>

#include "base/random.h"
#include "base/time.h"
#include "kubernetes/api_client.h"
#include "source/kubernetes/follow_port.h"

namespace tailrace {

/// The client's thread.
class ApiFollowPort final : public FollowPort {
 public:
  /// All outlive it, and it outlives the followers.
  ApiFollowPort(kube::ApiClient& client, const Clock& clock, Random& random)
      : client_(client), clock_(clock), random_(random) {}

  std::unique_ptr<Pending> Open(const LogQuery& query,
                                kube::ApiClient::StreamHandler handler) override;
  std::unique_ptr<Pending> After(uint64_t delay_ms, std::function<void()> task) override;
  TimeNs Now() override { return clock_.Now(); }
  uint64_t Below(uint64_t limit) override { return random_.Between(0, limit - 1); }

 private:
  kube::ApiClient& client_;
  const Clock& clock_;
  Random& random_;
};

/// The path and parameters of a query.
std::string LogPath(const LogQuery& query);

}  // namespace tailrace
