// FollowPort: what a follower needs of the world around it. Tests hand in a world of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kubernetes/api_client.h"

namespace tailrace {

/// One `pods/log` request.
struct LogQuery {
  std::string namespace_name;
  std::string pod;
  std::string container;
  bool follow = false;
  bool previous = false;
  std::optional<int64_t> since_s;  ///< sinceTime.
};

/// Under way; destroying it cancels, and nothing of it is called afterwards. May be destroyed in
/// its own callbacks.
class Pending {
 public:
  virtual ~Pending() = default;
};

/// One thread; no callback comes during a call.
class FollowPort {
 public:
  virtual ~FollowPort() = default;
  virtual std::unique_ptr<Pending> Open(const LogQuery& query,
                                        kube::ApiClient::StreamHandler handler) = 0;
  virtual std::unique_ptr<Pending> After(uint64_t delay_ms, std::function<void()> task) = 0;
  /// Wall clock.
  virtual TimeNs Now() = 0;
  /// In [0, limit).
  virtual uint64_t Below(uint64_t limit) = 0;
};

}  // namespace tailrace
