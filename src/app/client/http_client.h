// HttpClient: requests of the command line's verbs to a Tailrace server, over libcurl.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/headers.h"
#include "log/log_key.h"

namespace tailrace {

/// Where the server is and who we are.
struct ClientConfig {
  std::string url;    ///< "http://127.0.0.1:8080", no '/' at the end.
  std::string token;  ///< Empty: none.
  /// PEM certificates; the server's must be one of them or come from one. Empty: the system's.
  std::string ca_file = {};

  /// From TAILRACE_URL, TAILRACE_TOKEN or TAILRACE_TOKEN_FILE, and TAILRACE_CA_FILE. kInvalid: one
  /// of them is none.
  static Result<ClientConfig> FromEnvironment();
  /// The page where people see the log.
  std::string ViewUrl(const LogKey& key) const { return url + "/logs/" + key.Path(); }
};

/// "/api/v1/logs/TYPE/ID".
std::string LogPath(const LogKey& key);

/// "a%20b": for a value in a query.
std::string QueryEscape(std::string_view text);

struct HttpRequest {
  std::string_view method = "GET";
  std::string path;                  ///< With the query; appended to the server's URL.
  std::vector<std::string> headers;  ///< "Name: value".
  std::string_view body = {};
  std::string_view content_type = {};
  bool accept_gzip = false;  ///< Asks for it, and undoes it; the answer's fields stay as they came.
};

struct HttpReply {
  int status = 0;          ///< 0: no answer; `problem` says why.
  std::string body;        ///< At most kMaxReplyBytes; not of a stream with status 200.
  std::string problem;     ///< For people, without advice.
  bool untrusted = false;  ///< Status 0, because of the server's certificate.
  std::optional<uint64_t> retry_after_ms;
  /// Of the head, whatever became of the body; 0: none came.
  int head_status = 0;
  Headers headers;  ///< Of the last answer, if there were several (1xx).
  bool http2 = false;

  bool Ok() const { return status / 100 == 2; }
};
inline constexpr size_t kMaxReplyBytes = 64 << 20;

/// One thread, but for Cancel. Keeps its connection.
class HttpClient {
 public:
  explicit HttpClient(ClientConfig config);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  const ClientConfig& Config() const { return config_; }

  HttpReply Send(const HttpRequest& request);

  /// Hands on the body of a 200 as it comes, until it ends, `take` returns false, or nothing has
  /// come for `silence_s` seconds.
  using Take = std::function<bool(std::string_view bytes)>;
  HttpReply Stream(const HttpRequest& request, const Take& take, int64_t silence_s);

  /// Any thread: what is under way and all that follows ends with status 0.
  void Cancel() { cancelled_ = true; }

 private:
  struct Handle;
  HttpReply Perform(const HttpRequest& request, const Take* take);

  const ClientConfig config_;
  std::atomic<bool> cancelled_ = false;
  std::unique_ptr<Handle> handle_;
};

/// What a reply that is not Ok() says: a problem document's detail, or the status.
std::string ProblemText(const HttpReply& reply);

/// The number `member` of a problem document, if there is one.
std::optional<uint64_t> ProblemNumber(const HttpReply& reply, const char* member);

}  // namespace tailrace
