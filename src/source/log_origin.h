// LogOrigin: a place outside from which logs are brought into the store when they are asked for.
#pragma once

#include <functional>

#include "base/result.h"
#include "log/log_key.h"

namespace tailrace {

class LogOrigin {
 public:
  using Done = std::move_only_function<void(Result<void>)>;

  virtual ~LogOrigin() = default;

  /// Somebody wants to see the log: brings in all that there is of it and follows it. `done`, if
  /// given, is called once, on any thread or at once: when the store has all of the log, but
  /// for what was written a moment ago, or the origin has none; kUnavailable: it can't be reached,
  /// or needs too long; kOverloaded. Never blocks.
  virtual void Ask(const LogKey& key, Done done) = 0;
  /// The log is gone from the store; whoever asks for it again gets it anew. Never blocks.
  virtual void Forget(const LogKey& key) = 0;
};

}  // namespace tailrace
