// AccessReviewer: asks one API server whether somebody may read what pods print.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/loop.h"
#include "io/timer.h"
#include "kubernetes/api_client.h"
#include "source/say.h"

namespace tailrace {

/// `get pods/log` in this namespace.
struct AccessQuestion {
  std::string namespace_name;
  std::string user;
  std::vector<std::string> groups;
};

enum class AccessAnswer : uint8_t {
  kAllowed,
  kDenied,
  kNone,  ///< None came in time, or none that can be believed.
};

/// A SubjectAccessReview (authorization.k8s.io/v1) as JSON.
std::string AccessReviewBody(const AccessQuestion& question);
/// Of what the API server made of it: its `status`.
AccessAnswer ReadAccessReview(std::string_view body);

/// The loop's thread. The number of questions at a time is the caller's matter.
class AccessReviewer {
 public:
  using Done = std::move_only_function<void(AccessAnswer)>;

  /// Both outlive it.
  AccessReviewer(kube::ApiClient& client, Loop& loop, uint64_t timeout_ms, Say say)
      : client_(client), loop_(loop), timeout_ms_(timeout_ms), say_(std::move(say)) {}

  /// `done` comes later, once; or never, if this is destroyed.
  void Ask(const AccessQuestion& question, Done done);

 private:
  struct Asked {
    explicit Asked(Loop& loop) : timer(loop) {}
    Done done;
    kube::ApiCall call;
    Timer timer;
  };

  void Finish(uint64_t number, AccessAnswer answer);
  void SayWhy(const kube::ApiEnd& end);

  kube::ApiClient& client_;
  Loop& loop_;
  const uint64_t timeout_ms_;
  const Say say_;
  std::map<uint64_t, std::unique_ptr<Asked>> asked_;
  uint64_t next_number_ = 1;
  bool refusal_said_ = false;
};

}  // namespace tailrace
