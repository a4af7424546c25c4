// Transfer: one request of an ApiClient, from the call to its end.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/timer.h"
#include "kubernetes/api_client.h"
#include "kubernetes/credentials.h"
#include "kubernetes/curl_driver.h"

struct curl_slist;

namespace tailrace::kube {

/// What the client notes of everything that comes.
struct ClientSigns {
  Loop& loop;
  uint64_t last_ms = 0;             ///< Loop's clock: the last byte.
  std::atomic<bool> heard = false;  ///< Since the last failure.
  std::atomic<uint64_t> received_bytes = 0;
};

/// What libcurl's callbacks write into. Of a refused request, whatever it is, `body` has what the
/// server says about it.
class Transfer {
 public:
  /// `answer_bytes`: longest body of an ordinary request.
  Transfer(uint64_t id, std::string method, std::string path, size_t answer_bytes)
      : id_(id), method_(std::move(method)), path_(std::move(path)), answer_bytes_(answer_bytes) {}
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  uint64_t id() const { return id_; }
  const std::string& path() const { return path_; }
  CURL* easy() const { return easy_; }
  bool is_stream() const { return stream != nullptr; }
  bool opened() const { return opened_; }

  /// A handle for libcurl that asks for this. `limit_ms` 0: no limit of time.
  CURL* MakeEasy(const ClusterConfig& cluster, Credentials::IdentityPtr identity,
                 uint64_t connect_ms, uint64_t limit_ms);
  /// Forgets it, and what came; MakeEasy may follow. It is not in a driver.
  void DropEasy();
  /// How it ended, by libcurl's code.
  ApiEnd End(int code, const std::string& server) const;

  const Credentials::IdentityPtr& identity() const { return identity_; }
  std::string TakeBody() { return std::move(body_); }

  // The client's.
  std::string request_body;
  ApiClient::Done done;
  std::unique_ptr<ApiClient::StreamHandler> stream;  ///< Null: an ordinary request.
  uint64_t deadline_ms = 0;                          ///< Of an ordinary request, loop's clock.
  std::unique_ptr<Timer> deadline;                   ///< Of a stream: until its status is there.
  bool cancelled = false;
  bool retried = false;  ///< After a 401.
  ClientSigns* signs = nullptr;

 private:
  static size_t OnHeader(const char* data, size_t size, size_t count, void* user);
  static size_t OnBody(const char* data, size_t size, size_t count, void* user);
  static int OnSocketMade(void* user, int fd, int purpose);
  void SetTls(const ClusterConfig& cluster) const;
  void SetServer(const ClusterConfig& cluster);
  void HeadLine(std::string_view line);
  bool Take(std::string_view bytes);
  void ReadStatus(ApiEnd& end) const;

  const uint64_t id_;
  const std::string method_;
  const std::string path_;
  const size_t answer_bytes_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  Credentials::IdentityPtr identity_;
  std::string body_;
  std::unique_ptr<char[]> error_;
  uint64_t retry_after_s_ = 0;
  int status_ = 0;
  bool opened_ = false;  // status 2xx, the head is complete
  bool too_large_ = false;
};

}  // namespace tailrace::kube
