#include "kubernetes/transfer.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <simdjson.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/text.h"

namespace tailrace::kube {
namespace {

constexpr size_t kRefusalBytes = 64 << 10;  // more of what a server says about a refusal is dropped
constexpr size_t kQuoteBytes = 300;         // of an answer that is no Status object
constexpr uint64_t kMaxRetryAfterSeconds = 3600;

// A peer that is gone is noticed within half a minute, whether we wait for it or it for us.
constexpr int kKeepAliveIdleSeconds = 15;
constexpr int kKeepAliveIntervalSeconds = 5;
constexpr int kKeepAliveProbes = 3;
constexpr unsigned kUnacknowledgedMs = 30'000;

bool IsSuccess(int status) {
  return status >= 200 && status < 300;
}

curl_blob BlobOf(const std::string& text) {
  return {.data = const_cast<char*>(text.data()), .len = text.size(), .flags = CURL_BLOB_COPY};
}

std::string Quoted(std::string_view text) {
  std::string quote;
  AppendValidUtf8(quote, text.substr(0, kQuoteBytes));
  std::ranges::replace_if(
      quote, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return quote;
}

// "https://HOST:PORT/path": HOST:PORT, with the scheme's port if there is none.
struct HostPort {
  std::string host;
  std::string port;
};

HostPort SplitServer(std::string_view server) {
  const bool is_tls = server.starts_with("https://");
  std::string_view authority = server.substr(server.find("://") + 3);
  authority = authority.substr(0, authority.find('/'));
  const size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  return {std::string(authority.substr(0, has_port ? colon : std::string_view::npos)),
          has_port ? std::string(authority.substr(colon + 1))
          : is_tls ? "443"
                   : "80"};
}

// What a status code alone says, as client-go has it: a refusal may come without its Status object
// when the server answers before it has read the request's body and then resets the stream.
std::string_view ReasonOf(int status) {
  switch (status) {
    case 400:
      return "BadRequest";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "NotFound";
    case 429:
      return "TooManyRequests";
    case 503:
      return "ServiceUnavailable";
    default:
      return "";
  }
}

}  // namespace

Transfer::~Transfer() {
  DropEasy();
}

void Transfer::DropEasy() {
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
  curl_slist_free_all(connect_to_);
  easy_ = nullptr;
  headers_ = nullptr;
  connect_to_ = nullptr;
  identity_ = nullptr;
  body_.clear();
  status_ = 0;
  retry_after_s_ = 0;
  opened_ = false;
  too_large_ = false;
}

CURL* Transfer::MakeEasy(const ClusterConfig& cluster, Credentials::IdentityPtr identity,
                         uint64_t connect_ms, uint64_t limit_ms) {
  DropEasy();
  easy_ = curl_easy_init();
  identity_ = std::move(identity);
  error_ = std::make_unique<char[]>(CURL_ERROR_SIZE);
  headers_ = curl_slist_append(headers_, "Accept: application/json, */*");
  for (const std::string& line : identity_->header_lines) {
    headers_ = curl_slist_append(headers_, line.c_str());
  }
  if (method_ != "GET") {
    headers_ = curl_slist_append(headers_, "Content-Type: application/json");
    headers_ = curl_slist_append(headers_, "Expect:");
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_body.data());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE, static_cast<long>(request_body.size()));
  }
  SetServer(cluster);
  SetTls(cluster);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_.get());
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_ms));
  if (limit_ms > 0) {
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(limit_ms));
  }
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, "tailrace");
  curl_easy_setopt(easy_, CURLOPT_SOCKOPTFUNCTION, &Transfer::OnSocketMade);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  return easy_;
}

void Transfer::SetServer(const ClusterConfig& cluster) {
  std::string server = cluster.server;
  if (!cluster.tls_server_name.empty() && server.starts_with("https://")) {
    // The name decides about SNI and the certificate; connected is to the server all the same.
    const auto [host, port] = SplitServer(server);
    const size_t path = server.find('/', server.find("://") + 3);
    const std::string rest = path == std::string::npos ? "" : server.substr(path);
    server = "https://" + cluster.tls_server_name + ":" + port + rest;
    const std::string to = "::" + host + ":" + port;
    connect_to_ = curl_slist_append(connect_to_, to.c_str());
    headers_ = curl_slist_append(headers_, ("Host: " + host + ":" + port).c_str());
    curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
  }
  curl_easy_setopt(easy_, CURLOPT_URL, (server + path_).c_str());
  if (cluster.proxy_url.empty()) return;
  // A SOCKS proxy resolves names itself, as with kubectl.
  std::string proxy = cluster.proxy_url;
  if (proxy.starts_with("socks5://")) proxy.insert(6, "h");
  curl_easy_setopt(easy_, CURLOPT_PROXY, proxy.c_str());
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, "");
}

void Transfer::SetTls(const ClusterConfig& cluster) const {
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, cluster.skip_tls_verify ? 0L : 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, cluster.skip_tls_verify ? 0L : 2L);
  if (!identity_->ca.empty()) {
    curl_blob ca = BlobOf(identity_->ca);
    curl_easy_setopt(easy_, CURLOPT_CAINFO_BLOB, &ca);
  }
  if (!identity_->certificate.empty()) {
    curl_blob certificate = BlobOf(identity_->certificate);
    curl_blob key = BlobOf(identity_->key);
    curl_easy_setopt(easy_, CURLOPT_SSLCERT_BLOB, &certificate);
    curl_easy_setopt(easy_, CURLOPT_SSLKEY_BLOB, &key);
  }
}

int Transfer::OnSocketMade(void*, curl_socket_t fd, int) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveIdleSeconds, sizeof(int));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepAliveIntervalSeconds, sizeof(int));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &kKeepAliveProbes, sizeof(int));
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMs, sizeof kUnacknowledgedMs);
  return CURL_SOCKOPT_OK;
}

size_t Transfer::OnHeader(const char* data, size_t size, size_t count, void* user) {
  auto& self = *static_cast<Transfer*>(user);
  self.signs->last_ms = self.signs->loop.NowMs();
  self.signs->heard = true;
  if (self.cancelled) return 0;
  self.HeadLine(std::string_view(data, size * count));
  return size * count;
}

void Transfer::HeadLine(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    retry_after_s_ = 0;
    return;
  }
  constexpr std::string_view kRetryAfter = "retry-after:";
  if (line.size() > kRetryAfter.size() &&
      std::ranges::equal(line.substr(0, kRetryAfter.size()), kRetryAfter, {},
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); })) {
    line.remove_prefix(kRetryAfter.size());
    while (line.starts_with(' ')) line.remove_prefix(1);
    const uint64_t seconds = ParseDecimal(line).value_or(0);
    retry_after_s_ = std::min(seconds, kMaxRetryAfterSeconds);
    return;
  }
  if (!line.empty()) return;
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  status_ = static_cast<int>(status);
  opened_ = IsSuccess(status_);
  if (!opened_ || !is_stream()) return;
  if (deadline != nullptr) deadline->Stop();
  if (stream->on_open) stream->on_open(status_);
}

size_t Transfer::OnBody(const char* data, size_t size, size_t count, void* user) {
  auto& self = *static_cast<Transfer*>(user);
  self.signs->last_ms = self.signs->loop.NowMs();
  self.signs->received_bytes.fetch_add(size * count, std::memory_order_relaxed);
  return self.Take(std::string_view(data, size * count)) ? size * count : 0;
}

bool Transfer::Take(std::string_view bytes) {
  if (cancelled) return false;
  if (opened_ && is_stream()) {
    stream->on_bytes(bytes);
    return !cancelled;
  }
  if (!opened_) {
    body_.append(bytes.substr(0, kRefusalBytes - std::min(kRefusalBytes, body_.size())));
    return true;
  }
  too_large_ = body_.size() + bytes.size() > answer_bytes_;
  if (!too_large_) body_.append(bytes);
  return !too_large_;
}

ApiEnd Transfer::End(int code, const std::string& server) const {
  ApiEnd end{.status = status_, .retry_after_ms = retry_after_s_ * 1000};
  const char* words = error_ != nullptr && error_[0] != '\0'
                          ? error_.get()
                          : curl_easy_strerror(static_cast<CURLcode>(code));
  if (too_large_) {
    end.how = ApiEnd::How::kTooLarge;
    end.message =
        "the answer of " + server + " has more than " + std::to_string(answer_bytes_) + " bytes";
  } else if (status_ != 0 && !IsSuccess(status_)) {
    end.how = ApiEnd::How::kRefused;
    ReadStatus(end);
  } else if (code == CURLE_OK && opened_) {
    end.how = ApiEnd::How::kComplete;
  } else {
    end.how = opened_ ? ApiEnd::How::kCut : ApiEnd::How::kUnreachable;
    end.message = server + ": " + Quoted(code == CURLE_OK ? "the answer was cut" : words);
  }
  return end;
}

// meta/v1 Status: what the API server says about a refusal.
void Transfer::ReadStatus(ApiEnd& end) const {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view text;
  uint64_t seconds = 0;
  if (parser.parse(body_).get(root) == simdjson::SUCCESS) {
    if (root["reason"].get(text) == simdjson::SUCCESS) end.reason = text;
    if (root["message"].get(text) == simdjson::SUCCESS) end.message = Quoted(text);
    if (root["details"]["retryAfterSeconds"].get(seconds) == simdjson::SUCCESS) {
      end.retry_after_ms =
          std::max(end.retry_after_ms, 1000 * std::min(seconds, kMaxRetryAfterSeconds));
    }
  }
  if (end.reason.empty()) end.reason = ReasonOf(end.status);
  if (!end.message.empty()) return;
  end.message = "status " + std::to_string(end.status);
  if (!body_.empty()) end.message += ": " + Quoted(body_);
}

}  // namespace tailrace::kube
