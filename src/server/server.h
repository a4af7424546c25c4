// Server: the store, the workers and the listeners of one process.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/access_reviews.h"
#include "feed/hub.h"
#include "io/listener.h"
#include "io/tls_context.h"
#include "server/access_service.h"
#include "server/certificate_watch.h"
#include "server/outer_authenticators.h"
#include "server/routes.h"
#include "server/server_config.h"
#include "server/sse_renderer.h"
#include "server/worker.h"
#include "source/kubernetes/kubernetes_source.h"
#include "source/mongodb/mongo_source.h"
#include "store/rocksdb/directory.h"

namespace tailrace {

class Server {
 public:
  /// Reads again who may see and write, on a thread of the pool.
  using ReloadAccess = std::function<Result<AccessConfig>()>;

  /// Binds first (clients wait in the listen queue meanwhile), then opens the store. `reload` is
  /// for SIGHUP.
  /// kInvalid: a setting; kUnavailable: an address or the data directory is in use.
  static Result<std::unique_ptr<Server>> Start(ServerConfig config, ReloadAccess reload);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves until SIGTERM or SIGINT, drains, closes the store. The process's exit code. A second
  /// signal ends the drain at once.
  int Run();

 private:
  Server(ServerConfig config, ReloadAccess reload)
      : config_(std::move(config)),
        reload_access_(std::move(reload)),
        grants_(config_.access.grants) {}

  struct ListenSocket {
    int fd;
    ListenKind kind;
    std::string address;  // with the port that the kernel chose
  };

  Result<void> ReadOriginRules();
  Result<void> MakeOuterAuthenticators();
  Result<void> SetBrowserRules();
  Result<void> LoadCertificate();
  Result<void> Bind();
  Result<void> BindOne(const Address& address, const ListenKind& kind);
  Result<void> OpenStore();
  Result<void> OpenMongo();
  Result<void> MakeMongoSource();
  Result<void> MakeKubernetesSource();
  void MakeReviews();
  Result<void> OpenAccess();
  void LimitDescriptors();
  Result<void> MakeWorkers();
  void Listen();
  void Accept(int fd, const ListenKind& kind);
  void OnStarved();
  void OnConnectionClosed();
  void ResumeListeners();
  void OnSignal(int signal);
  void OnHangUp();
  void UseAccess(const Result<AccessConfig>& access);
  void WaitForDrain(uint64_t deadline_ms);
  void StopWorkers();
  void Close();

  ServerConfig config_;
  const ReloadAccess reload_access_;
  std::vector<Grant> grants_;  // in force; the first worker's loop
  SseRenderer renderer_;
  Routes routes_;
  OriginRules origin_rules_;
  std::vector<ListenSocket> listen_sockets_;
  std::unique_ptr<TlsContext> tls_;  // null: no certificate
  std::unique_ptr<CertificateWatch> certificate_watch_;
  std::unique_ptr<OuterAuthenticators> outer_;
  std::unique_ptr<const Redactor> redactor_;             // null: nothing is masked
  std::optional<rocks::StoreDirectory> data_directory_;  // nothing: the store has it
  std::unique_ptr<LogStore> store_;
  std::unique_ptr<AccessService> access_;  // null: off
  std::unique_ptr<SegmentFiles> segment_files_;
  std::unique_ptr<ServerShared> shared_;
  std::unique_ptr<Hub> hub_;
  SystemRandom random_;
  std::unique_ptr<MongoSource> mongodb_;          // null: none
  std::unique_ptr<KubernetesSource> kubernetes_;  // null: none
  std::unique_ptr<AccessReviews> reviews_;        // null: clusters are not asked
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::atomic<bool> accept_paused_ = false;
  std::atomic<bool> store_is_opening_ = false;  // its database has not answered yet
  uint64_t starved_told_ms_ = 0;                // when the log last said so; 0: never
};

}  // namespace tailrace
