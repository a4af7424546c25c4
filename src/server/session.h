// Session: one client's connection, as its worker holds it.
#pragma once

#include <cstdint>
#include <memory>

#include "server/exchange.h"

namespace tailrace {

struct WorkerStats;

/// The protocol is its subclass's. On the worker's loop.
class Session {
 public:
  explicit Session(SessionId id) : id_(id) {}
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  SessionId id() const { return id_; }
  /// Null: no such request is under way.
  virtual Exchange* FindExchange(uint64_t request) = 0;
  /// Finishes what is under way and then closes; streams get a retry drawn by the worker.
  virtual void Drain() = 0;
  /// Its streams end if they may not go on (Stream::Recheck).
  virtual void RecheckStreams() = 0;
  /// After Worker::CallAtTurnEnd, once. Returns the session of another protocol that takes its
  /// place, or null.
  virtual std::unique_ptr<Session> OnTurnEnd() = 0;
  /// Its share of what is counted when it is asked for.
  virtual void AddTo(WorkerStats& stats) const = 0;

  /// A deadline that AddDeadline was asked for has come.
  void OnDeadlineDue(Worker& worker, uint64_t due_ms);

 protected:
  /// OnDeadline comes in `delay_ms`; a later call replaces it.
  void Arm(Worker& worker, uint64_t delay_ms);
  virtual void OnDeadline() = 0;

  const SessionId id_;

 private:
  uint64_t deadline_ms_ = 0;  // what is meant
  uint64_t armed_ms_ = 0;     // what the worker's heap will say; 0: nothing
};

}  // namespace tailrace
