// Persistence: trying again while MongoDB is away, until it is time to close.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

namespace tailrace::mongo {

/// What a thread that must get through says and waits for. Any thread.
class Persistence {
 public:
  /// From now on nothing is tried for longer than `grace`.
  void Close(std::chrono::milliseconds grace);
  bool Closing() const;

  /// Something failed: rests, longer each time in a row. False: time is up.
  bool Rest(const std::string& why);
  /// Waits for as long as said, or less when closing begins.
  void Sleep(std::chrono::milliseconds time);
  /// It worked again.
  void Succeeded();

  /// Why it is resting, since the last success; empty: it is not.
  std::string Trouble() const;
  uint64_t failures() const;

 private:
  using Time = std::chrono::steady_clock::time_point;

  mutable std::mutex mutex_;
  std::condition_variable closing_changed_;
  bool closing_ = false;  ///< Guarded by mutex_, as all below.
  Time deadline_ = {};
  std::string trouble_;
  uint64_t in_a_row_ = 0;
  uint64_t failures_ = 0;
};

}  // namespace tailrace::mongo
