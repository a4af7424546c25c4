// Credentials: what requests to a cluster are sent with, renewed as files and plugins say.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/loop.h"
#include "kubernetes/cluster_config.h"
#include "kubernetes/plugin_run.h"

namespace tailrace::kube {

/// Immutable; a new one is made when anything of it has changed.
struct Identity {
  std::vector<std::string> header_lines;  ///< "Authorization: Bearer …", "Impersonate-User: …".
  std::string ca;                         ///< PEM; empty: the system's.
  std::string certificate;                ///< PEM; empty: none.
  std::string key;
};

/// Loop thread.
class Credentials {
 public:
  using IdentityPtr = std::shared_ptr<const Identity>;
  using Done = std::move_only_function<void(Result<IdentityPtr>)>;

  /// All outlive it. Files are read again after `file_age_ms`.
  Credentials(Loop& loop, const ClusterConfig& cluster, const Clock& clock,
              uint64_t file_age_ms = kFileAgeMs);
  ~Credentials();

  /// `done` comes once: at once if nothing has to be run, or later. kUnavailable: a file can't be
  /// read, a plugin failed. kInvalid: what they say is no credential. Neither has one in its text.
  void Get(Done done);

  /// The server does not accept `used` (401). True: Get may bring another one.
  bool Renew(const IdentityPtr& used);

  static constexpr uint64_t kFileAgeMs = 60'000;       ///< Files are read again after it.
  static constexpr int64_t kExpiryLeewaySeconds = 10;  ///< A plugin is asked so long before.

 private:
  struct PluginAnswer {
    std::string token;
    std::string certificate;
    std::string key;
    TimeNs expires = 0;  ///< 0: it does not say.
  };

  Result<IdentityPtr> Read();
  Result<Identity> ReadFiles() const;
  bool UsesPlugin() const { return !cluster_.user.exec.command.empty(); }
  bool PluginIsFresh() const;
  void RunPlugin();
  void OnPlugin(Result<std::string> output);
  Result<PluginAnswer> ParseAnswer(const std::string& output) const;
  std::string PluginInfo() const;

  Loop& loop_;
  const ClusterConfig& cluster_;
  const Clock& clock_;
  const uint64_t file_age_ms_;
  IdentityPtr current_;
  uint64_t read_ms_ = 0;  // loop's clock
  std::unique_ptr<PluginAnswer> plugin_;
  std::unique_ptr<PluginRun> run_;
  std::vector<Done> waiting_;  // for run_
};

}  // namespace tailrace::kube
