// Writer: what the commit thread does with MongoDB: one commit, one transaction.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "base/random.h"
#include "store/commit_plan.h"
#include "store/mongodb/link.h"
#include "store/mongodb/persistence.h"
#include "store/mongodb/rivals.h"
#include "store/mongodb/transaction.h"

namespace tailrace::mongo {

class Writer final : public CommitBackend {
 public:
  /// `persistence` outlives it. `writer`: a name that no other process has. `on_garbage`: there is
  /// something to sweep now; on the commit thread.
  Writer(Place place, std::string writer, Persistence& persistence,
         std::function<void()> on_garbage);
  ~Writer() override;

  bool IsShared() const override { return true; }
  Result<uint64_t> Prepare(std::span<const StoreRequest> requests) override;
  Result<std::optional<LogState>> LoadLog(const LogKey& key) override;
  Result<std::optional<uint64_t>> LoadProducer(const LogState& log,
                                               const std::string& name) override;
  /// Reading may begin at any entry.
  Result<bool> IsBorder(const LogState& /*log*/, Position /*position*/) override { return true; }
  Result<void> Write(const CommitPlan& plan) override;

  uint64_t conflicts() const { return conflicts_; }

 private:
  /// Until it works, with a link. kUnavailable: closing has come first.
  template <typename T>
  Result<T> Persist(const std::function<Result<T>(Link&)>& work);
  Result<void> Connect();
  /// Makes this process's document if it is not there, and learns what it says.
  Result<void> Register(Link& link, const Session& session) const;
  /// The connection is of no more use.
  void Disconnect();
  Result<uint64_t> Read(Link& link, std::span<const StoreRequest> requests);
  Result<void> ReadProducers(Link& link, std::span<const StoreRequest> requests);
  Result<void> TryWrite(const CommitPlan& plan, Transaction& transaction, Link& link);
  Result<void> WriteCounts(const CommitPlan& plan, Transaction& transaction, Link& link) const;
  Result<void> WriteStates(const CommitPlan& plan, Transaction& transaction, Link& link) const;
  Result<void> WriteEntries(const CommitPlan& plan, Transaction& transaction, Link& link) const;
  Result<void> WriteGarbage(const CommitPlan& plan, Transaction& transaction, Link& link) const;
  /// Whether the transaction that asked for commit number commits_ + 1 is committed; if not, it
  /// never will be.
  Result<bool> IsCommitted(Link& link) const;
  StoredLog AfterCommit(const LogDraft& draft) const;

  const Place place_;
  const std::string writer_;
  Persistence& persistence_;
  const std::function<void()> on_garbage_;
  std::unique_ptr<Link> link_;                  ///< Null: there is no connection.
  std::optional<Session> session_;              ///< Of link_.
  std::string lost_session_;                    ///< Its transaction may be open on the server.
  uint64_t commits_ = 0;                        ///< Of this process, as its document says it.
  std::unordered_map<LogKey, StoredLog> logs_;  ///< As Prepare has read them.
  std::map<std::string, Error> damaged_;        ///< By path: logs whose document cannot be read.
  std::map<std::string, uint64_t> producers_;   ///< The same, by ProducerId.
  SystemRandom random_;
  Rivals rivals_;
  bool write_failed_ = false;  ///< The last transaction, by the network or the server.
  uint64_t conflicts_in_a_row_ = 0;
  std::atomic<uint64_t> conflicts_ = 0;
};

}  // namespace tailrace::mongo
