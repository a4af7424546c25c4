#include "kubernetes/api_client.h"

#include <curl/curl.h>

#include <utility>

#include "kubernetes/client_impl.h"

namespace tailrace::kube {

ApiCall::ApiCall(ApiCall&& other) noexcept
    : client_(std::exchange(other.client_, nullptr)), id_(other.id_) {}

ApiCall& ApiCall::operator=(ApiCall&& other) noexcept {
  if (this == &other) return *this;
  Cancel();
  client_ = std::exchange(other.client_, nullptr);
  id_ = other.id_;
  return *this;
}

void ApiCall::Cancel() {
  if (ApiClient* const client = std::exchange(client_, nullptr)) client->impl_->Cancel(id_);
}

bool ApiCall::Active() const {
  return client_ != nullptr && client_->impl_->IsActive(id_);
}

Result<std::unique_ptr<ApiClient>> ApiClient::Make(Loop& loop, ClusterConfig cluster,
                                                   const ApiLimits& limits) {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted != CURLE_OK) return Fail(ErrorCode::kInternal, "libcurl does not start");
  if (cluster.server.empty()) return Fail(ErrorCode::kInvalid, "no API server is named");
  return std::unique_ptr<ApiClient>(
      new ApiClient(std::make_unique<Impl>(loop, std::move(cluster), limits)));
}

ApiClient::ApiClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ApiClient::~ApiClient() = default;

ApiCall ApiClient::Get(std::string path, Done done) {
  auto transfer = impl_->Make("GET", std::move(path));
  transfer->done = std::move(done);
  return {this, impl_->Add(std::move(transfer))};
}

ApiCall ApiClient::Create(std::string path, std::string body, Done done) {
  auto transfer = impl_->Make("POST", std::move(path));
  transfer->request_body = std::move(body);
  transfer->done = std::move(done);
  return {this, impl_->Add(std::move(transfer))};
}

ApiCall ApiClient::Stream(std::string path, StreamHandler handler) {
  auto transfer = impl_->Make("GET", std::move(path));
  transfer->stream = std::make_unique<StreamHandler>(std::move(handler));
  return {this, impl_->Add(std::move(transfer))};
}

ApiStats ApiClient::Stats() const {
  return impl_->Stats();
}

const ClusterConfig& ApiClient::cluster() const {
  return impl_->cluster();
}

Loop& ApiClient::loop() {
  return impl_->loop();
}

}  // namespace tailrace::kube
