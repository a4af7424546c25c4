#include "source/kubernetes/api_follow_port.h"

#include <utility>

#include "io/timer.h"
#include "kubernetes/api_path.h"

namespace tailrace {
namespace {

struct PendingCall final : Pending {
  explicit PendingCall(kube::ApiCall opened) : call(std::move(opened)) {}
  kube::ApiCall call;
};

struct PendingTimer final : Pending {
  explicit PendingTimer(Loop& loop) : timer(loop) {}
  Timer timer;
};

}  // namespace

std::string LogPath(const LogQuery& query) {
  kube::ApiPath path = kube::ResourcePath("v1", query.namespace_name, "pods");
  path.Segment(query.pod).Segment("log").Query("container", query.container);
  path.Query("timestamps", "true");
  if (query.follow) path.Query("follow", "true");
  if (query.previous) path.Query("previous", "true");
  if (query.since_s) {
    path.Query("sinceTime", FormatRfc3339(*query.since_s * 1'000'000'000).substr(0, 19) + "Z");
  }
  return path.text();
}

std::unique_ptr<Pending> ApiFollowPort::Open(const LogQuery& query,
                                             kube::ApiClient::StreamHandler handler) {
  return std::make_unique<PendingCall>(client_.Stream(LogPath(query), std::move(handler)));
}

std::unique_ptr<Pending> ApiFollowPort::After(uint64_t delay_ms, std::function<void()> task) {
  auto timer = std::make_unique<PendingTimer>(client_.loop());
  timer->timer.Start(delay_ms, std::move(task));
  return timer;
}

}  // namespace tailrace
