// CurlDriver: libcurl's transfers on a Loop.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "io/loop.h"
#include "io/timer.h"

using CURL = void;  // <curl/curl.h>'s, which stays in .cc files
using CURLM = void;

namespace tailrace::kube {

/// Loop thread. Its transfers share connections; destroying it closes all of them.
class CurlDriver {
 public:
  using OnDone = std::function<void(CURL* easy, int code)>;

  /// `on_done`: a transfer has ended by itself, with a CURLcode; it is no longer in the driver.
  /// Called outside of libcurl: anything may be done there but to destroy the driver.
  CurlDriver(Loop& loop, size_t streams_per_connection, OnDone on_done);
  /// All transfers have been removed.
  ~CurlDriver();
  CurlDriver(const CurlDriver&) = delete;
  CurlDriver& operator=(const CurlDriver&) = delete;

  /// Not inside of libcurl's callbacks.
  void Add(CURL* easy);
  void Remove(CURL* easy);

 private:
  struct Socket;

  static int OnSocket(CURL* easy, int fd, int what, void* user, void* socket);
  static int OnTimer(CURLM* multi, long timeout_ms, void* user);
  void Watch(int fd, int what);
  void Act(int fd, int events);
  void CollectDone();

  Loop& loop_;
  const OnDone on_done_;
  CURLM* const multi_;
  Timer timer_;
  std::unordered_map<int, Socket*> sockets_;
};

}  // namespace tailrace::kube
