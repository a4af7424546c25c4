#include "access/http_fetcher.h"

#include <curl/curl.h>

#include <chrono>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace tailrace {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kPollMs = 60'000;

struct Transfer {
  FetchRequest request;
  HttpFetcher::Done done;
  Steady::time_point deadline;
  FetchReply reply;
  size_t head_bytes = 0;
  bool head_complete = false;    // libcurl takes a cut one for whole
  const char* broken = nullptr;  // what it did that cannot be believed
  curl_slist* headers = nullptr;

  ~Transfer() { curl_slist_free_all(headers); }
};

size_t OnHeader(const char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string_view line(data, size * count);
  transfer.head_bytes += line.size();
  if (transfer.head_bytes > kFetchHeadBytes) {
    transfer.broken = "its headers are too long";
    return 0;
  }
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  const size_t colon = line.find(':');
  transfer.head_complete = line.empty();
  if (line.starts_with("HTTP/")) {
    transfer.reply.headers = {};  // an interim answer was before it
  } else if (colon != std::string_view::npos) {
    transfer.reply.headers.Add(line.substr(0, colon), TrimBlanks(line.substr(colon + 1)));
  }
  return size * count;
}

size_t OnBody(const char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.reply.body.size() + size * count > transfer.request.body_bytes) {
    transfer.broken = "its answer is too long";
    return 0;
  }
  transfer.reply.body.append(data, size * count);
  return size * count;
}

class CurlFetcher final : public HttpFetcher {
 public:
  CurlFetcher(const FetchLimits& limits, std::string ca_file)
      : limits_(limits), ca_file_(std::move(ca_file)), multi_(curl_multi_init()) {
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(limits.concurrent));
    thread_ = std::thread([this] { Run(); });
  }

  ~CurlFetcher() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  void Fetch(FetchRequest request, Done done) override {
    {
      const std::lock_guard lock(mutex_);
      auto transfer = std::make_unique<Transfer>();
      transfer->deadline = Steady::now() + std::chrono::milliseconds(request.timeout_ms);
      transfer->request = std::move(request);
      transfer->done = std::move(done);
      (queue_.size() < limits_.waiting ? queue_ : refused_).push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  using Queue = std::deque<std::unique_ptr<Transfer>>;

  void Run() {
    for (;;) {
      Queue refused;
      Queue started;
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) break;
        refused.swap(refused_);
        while (!queue_.empty() && active_.size() + started.size() < limits_.concurrent) {
          started.push_back(std::move(queue_.front()));
          queue_.pop_front();
        }
      }
      for (auto& transfer : refused) {
        Finish(std::move(transfer), "too many questions are waiting for it");
      }
      // Those under way end in time themselves and make room, so none waits for much longer.
      for (auto& transfer : started) Start(std::move(transfer));
      int running = 0;
      curl_multi_perform(multi_, &running);
      const bool finished = CollectFinished();
      // One that has finished makes room for one that waits.
      if (!finished) curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
    for (const auto& [easy, transfer] : active_) {
      curl_multi_remove_handle(multi_, easy);
      curl_easy_cleanup(easy);
    }
    active_.clear();
  }

  void Start(std::unique_ptr<Transfer> transfer) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(transfer->deadline - Steady::now());
    if (left.count() <= 0) {
      Finish(std::move(transfer), "its turn did not come in time");
      return;
    }
    CURL* const easy = curl_easy_init();
    const FetchRequest& request = transfer->request;
    for (const auto& [name, value] : request.headers) {
      // "Name;" is how an empty value is said.
      const std::string line = value.empty() ? name + ";" : name + ": " + value;
      transfer->headers = curl_slist_append(transfer->headers, line.c_str());
    }
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tailrace");
    if (!ca_file_.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file_.c_str());
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer.get());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
    curl_multi_add_handle(multi_, easy);
    active_.emplace(easy, std::move(transfer));
  }

  bool CollectFinished() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      CURL* const easy = message->easy_handle;
      const CURLcode result = message->data.result;
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      curl_multi_remove_handle(multi_, easy);
      curl_easy_cleanup(easy);
      const auto found = active_.find(easy);
      std::unique_ptr<Transfer> transfer = std::move(found->second);
      active_.erase(found);
      const char* error = transfer->broken;
      if (error == nullptr && result != CURLE_OK) error = curl_easy_strerror(result);
      if (error == nullptr && !transfer->head_complete) error = "its answer was cut";
      transfer->reply.status = static_cast<int>(status);
      Finish(std::move(transfer), error);
    }
    return any;
  }

  static void Finish(std::unique_ptr<Transfer> transfer, const char* error) {
    FetchReply reply = std::move(transfer->reply);
    if (error != nullptr) reply = {.error = error};
    transfer->done(std::move(reply));
  }

  const FetchLimits limits_;
  const std::string ca_file_;
  CURLM* const multi_;
  std::mutex mutex_;
  Queue queue_;
  Queue refused_;  // came when the queue was full
  bool stopping_ = false;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> active_;  // the thread's
  std::thread thread_;
};

}  // namespace

std::unique_ptr<HttpFetcher> MakeHttpFetcher(const FetchLimits& limits, std::string ca_file) {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted != CURLE_OK) return nullptr;
  return std::make_unique<CurlFetcher>(limits, std::move(ca_file));
}

}  // namespace tailrace
