// ApiClient: requests to one Kubernetes API server, on one loop's thread.
//
// All of one process's clusters and all logic above may share a loop: everything here is called,
// and calls back, on the loop's thread, and nothing blocks it. From other threads: Loop::Post.
// Timers: io/timer.h. Over HTTP/2 requests share connections, `streams_per_connection` each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/loop.h"
#include "kubernetes/api_end.h"
#include "kubernetes/cluster_config.h"

namespace tailrace::kube {

struct ApiLimits {
  uint64_t connect_ms = 10'000;    ///< To connect and to shake hands.
  uint64_t answer_ms = 30'000;     ///< An ordinary request, from the call to the last byte.
  uint64_t head_ms = 30'000;       ///< A stream, from the call to its status.
  uint64_t silence_ms = 30'000;    ///< Streams open, nothing comes: ask the server for a sign,
  uint64_t sign_ms = 15'000;       ///< and cut all its streams if none comes for so long.
  size_t answer_bytes = 64 << 20;  ///< Longest ordinary answer.
  size_t streams_per_connection = 100;
};

/// An ordinary request under way, or a followed stream. Destroying it cancels: nothing of it is
/// called afterwards. May be destroyed in its own callbacks. Dies before the client.
class ApiCall {
 public:
  ApiCall() = default;
  ApiCall(ApiCall&& other) noexcept;
  ApiCall& operator=(ApiCall&& other) noexcept;
  ~ApiCall() { Cancel(); }

  void Cancel();
  /// Neither ended nor cancelled.
  bool Active() const;

 private:
  friend class ApiClient;
  ApiCall(class ApiClient* client, uint64_t id) : client_(client), id_(id) {}

  ApiClient* client_ = nullptr;
  uint64_t id_ = 0;
};

/// Any thread may copy it out by ApiClient::Stats.
struct ApiStats {
  bool reachable = false;  ///< The last thing that came of the server was an answer.
  std::string last_error;  ///< The last kUnreachable's message; empty: none yet.
  uint64_t requests = 0;   ///< Ordinary ones and streams.
  uint64_t refused = 0;    ///< Answered with a status other than 2xx.
  uint64_t unreachable = 0;
  uint64_t cut = 0;  ///< Streams and answers that broke off.
  uint64_t open_streams = 0;
  uint64_t received_bytes = 0;
};

class ApiClient {
 public:
  /// `body` is empty unless `end.ok()`; the callee may move it away.
  using Done = std::move_only_function<void(ApiEnd end, std::string body)>;
  struct StreamHandler {
    /// Status 2xx has come. May be empty.
    std::move_only_function<void(int status)> on_open;
    /// The next bytes of the body, of any number, valid during the call. Always read at once: there
    /// is no way to hold a stream back.
    std::move_only_function<void(std::string_view bytes)> on_bytes;
    /// Once, unless cancelled; the last call.
    std::move_only_function<void(ApiEnd end)> on_end;
  };

  /// Nothing is connected yet. `loop` outlives it. kInvalid: `cluster` can't be used.
  static Result<std::unique_ptr<ApiClient>> Make(Loop& loop, ClusterConfig cluster,
                                                 const ApiLimits& limits = {});
  ~ApiClient();

  /// `path` begins with '/' and is encoded (kubernetes/api_path.h): "/api/v1/pods?limit=500".
  /// No callback comes during these calls.
  [[nodiscard]] ApiCall Get(std::string path, Done done);
  /// `body` is JSON.
  [[nodiscard]] ApiCall Create(std::string path, std::string body, Done done);
  /// A watch or a followed log: no limit of time or size once its status is there.
  [[nodiscard]] ApiCall Stream(std::string path, StreamHandler handler);

  /// Any thread.
  ApiStats Stats() const;
  const ClusterConfig& cluster() const;
  Loop& loop();

 private:
  friend class ApiCall;
  class Impl;

  explicit ApiClient(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tailrace::kube
