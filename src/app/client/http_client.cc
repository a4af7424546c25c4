#include "app/client/http_client.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/check.h"
#include "base/text.h"

namespace tailrace {
namespace {

constexpr std::string_view kDefaultUrl = "http://127.0.0.1:8080";
constexpr long kConnectTimeoutMs = 10'000;
constexpr long kSilenceS = 60;  // Of an ordinary request.

// What the callbacks of one transfer share.
struct Transfer {
  CURL* curl;
  const HttpClient::Take* take;
  HttpReply reply;
  const std::atomic<bool>* cancelled;
};

size_t OnBody(char* bytes, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view piece(bytes, size * count);
  long status = 0;
  curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
  if (transfer.take != nullptr && status == 200) {
    return (*transfer.take)(piece) ? piece.size() : 0;
  }
  if (transfer.reply.body.size() + piece.size() > kMaxReplyBytes) return 0;
  transfer.reply.body.append(piece);
  return piece.size();
}

size_t OnHeader(char* bytes, size_t size, size_t count, void* user) {
  HttpReply& reply = static_cast<Transfer*>(user)->reply;
  std::string_view line(bytes, size * count);
  if (line.starts_with("HTTP/")) reply.headers = {};
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  const std::string_view name = line.substr(0, colon);
  line = line.substr(colon + 1);
  line = TrimBlanks(line.substr(0, line.find_last_not_of("\r\n") + 1));
  reply.headers.Add(name, line);
  if (EqualsIgnoreCase(name, "Retry-After")) {
    const auto seconds = ParseDecimal(line);
    if (seconds && *seconds < 1'000'000) reply.retry_after_ms = *seconds * 1000;
  }
  return size * count;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<Transfer*>(user)->cancelled ? 1 : 0;
}

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

struct HttpClient::Handle {
  CURL* curl = curl_easy_init();
  std::array<char, CURL_ERROR_SIZE> error{};
  long silence_s = kSilenceS;
  ~Handle() { curl_easy_cleanup(curl); }
};

Result<ClientConfig> ClientConfig::FromEnvironment() {
  ClientConfig config{Environment("TAILRACE_URL"), Environment("TAILRACE_TOKEN"),
                      Environment("TAILRACE_CA_FILE")};
  if (config.url.empty()) config.url = kDefaultUrl;
  while (config.url.ends_with('/')) config.url.pop_back();
  if (!config.url.starts_with("http://") && !config.url.starts_with("https://")) {
    return Fail(ErrorCode::kInvalid, "TAILRACE_URL is '" + config.url +
                                         "'; it must begin with http:// or https://, as in " +
                                         std::string(kDefaultUrl));
  }
  if (!config.ca_file.empty() && access(config.ca_file.c_str(), R_OK) != 0) {
    return Fail(ErrorCode::kInvalid,
                "TAILRACE_CA_FILE: " + config.ca_file + " cannot be read: " + std::strerror(errno));
  }
  if (const std::string file = Environment("TAILRACE_TOKEN_FILE");
      config.token.empty() && !file.empty()) {
    std::ifstream in(file);
    if (!std::getline(in, config.token) || config.token.empty()) {
      return Fail(ErrorCode::kInvalid,
                  "TAILRACE_TOKEN_FILE: " + file + " has no token in its first line");
    }
  }
  if (config.token.find_first_of("\r\n") != std::string::npos) {
    return Fail(ErrorCode::kInvalid, "TAILRACE_TOKEN must be one line");
  }
  return config;
}

std::string LogPath(const LogKey& key) {
  return "/api/v1/logs/" + key.Path();
}

std::string QueryEscape(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || std::string_view("-._~").find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

HttpClient::HttpClient(ClientConfig config) : config_(std::move(config)) {
  static const bool kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  CHECK(kInitialised);
  handle_ = std::make_unique<Handle>();
  CHECK(handle_->curl != nullptr);
}

HttpClient::~HttpClient() = default;

HttpReply HttpClient::Send(const HttpRequest& request) {
  handle_->silence_s = kSilenceS;
  return Perform(request, nullptr);
}

HttpReply HttpClient::Stream(const HttpRequest& request, const Take& take, int64_t silence_s) {
  handle_->silence_s = static_cast<long>(silence_s);
  return Perform(request, &take);
}

HttpReply HttpClient::Perform(const HttpRequest& request, const Take* take) {
  CURL* const curl = handle_->curl;
  Transfer transfer{curl, take, {}, &cancelled_};
  curl_easy_reset(curl);  // Keeps the connection.
  handle_->error.fill('\0');
  curl_slist* headers = nullptr;
  const auto add_header = [&](const std::string& header) {
    headers = curl_slist_append(headers, header.c_str());
  };
  for (const std::string& header : request.headers) add_header(header);
  if (!config_.token.empty()) add_header("Authorization: Bearer " + config_.token);
  add_header("User-Agent: tailrace");
  add_header("Expect:");
  const std::string url = config_.url + request.path;
  const std::string method(request.method);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  if (!config_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, config_.ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->error.data());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, handle_->silence_s);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, OnProgress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  if (request.accept_gzip) curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
  if (method != "GET") {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data() ? request.body.data() : "");
    add_header("Content-Type:" +
               (request.content_type.empty() ? "" : " " + std::string(request.content_type)));
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  const CURLcode code = curl_easy_perform(curl);
  curl_slist_free_all(headers);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  long version = 0;
  curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
  transfer.reply.http2 = version == CURL_HTTP_VERSION_2_0;
  transfer.reply.head_status = static_cast<int>(status);
  transfer.reply.status = code == CURLE_OK ? static_cast<int>(status) : 0;
  transfer.reply.untrusted = code == CURLE_PEER_FAILED_VERIFICATION;
  if (code != CURLE_OK) {
    const bool detailed = handle_->error[0] != '\0';
    transfer.reply.problem =
        config_.url + ": " + (detailed ? handle_->error.data() : curl_easy_strerror(code));
  }
  return std::move(transfer.reply);
}

}  // namespace tailrace
