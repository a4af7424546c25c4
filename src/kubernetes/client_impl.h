// ApiClient's inside.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "kubernetes/api_client.h"
#include "kubernetes/transfer.h"

namespace tailrace::kube {

/// Calls wait in `waiting_` for the next turn of `turn_`, so that libcurl is never entered from its
/// own callbacks; what is cancelled is thrown away there, too.
class ApiClient::Impl {
 public:
  Impl(Loop& loop, ClusterConfig cluster, const ApiLimits& limits);
  ~Impl();

  uint64_t Add(std::unique_ptr<Transfer> transfer);
  std::unique_ptr<Transfer> Make(std::string method, std::string path);
  void Cancel(uint64_t id);
  bool IsActive(uint64_t id) const { return transfers_.contains(id); }
  ApiStats Stats() const;

  Loop& loop() { return loop_; }
  const ClusterConfig& cluster() const { return cluster_; }

 private:
  using Transfers = std::unordered_map<uint64_t, std::unique_ptr<Transfer>>;

  std::unique_ptr<CurlDriver> MakeDriver();
  void Turn();
  void TurnSoon();
  void Begin(uint64_t id);
  void Launch(uint64_t id, Result<Credentials::IdentityPtr> identity);
  void OnDone(CURL* easy, int code);
  void Finish(std::unique_ptr<Transfer> transfer, ApiEnd end);
  void FinishLater(uint64_t id, ApiEnd end);
  void WatchStreams();
  void LookForSigns();
  void OnSign(const ApiEnd& end);
  void CutAll(const std::string& why);
  void Count(const ApiEnd& end, bool is_stream);

  Loop& loop_;
  const ClusterConfig cluster_;
  const ApiLimits limits_;
  Credentials credentials_;
  ClientSigns signs_{loop_};
  std::unique_ptr<CurlDriver> driver_;
  uint64_t next_id_ = 1;
  Transfers transfers_;
  std::vector<uint64_t> waiting_;                     // to begin
  std::vector<std::pair<uint64_t, ApiEnd>> ended_;    // to finish, decided by us
  std::vector<std::unique_ptr<Transfer>> cancelled_;  // to be thrown away
  bool renew_driver_ = false;
  Timer turn_;
  Timer signs_timer_;  // while streams are there
  uint64_t sign_ = 0;  // the request for a sign under way
  size_t streams_ = 0;

  mutable std::mutex mutex_;
  ApiStats stats_;  // guarded by mutex_
};

}  // namespace tailrace::kube
