// Delivery: takes what waits in a spool to the server, exactly once and in order, whatever
// becomes of requests and answers on the way. Knows no socket and no clock: it says what is to be
// sent and when, and is told the answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/random.h"
#include "source/say.h"
#include "source/spool.h"

namespace tailrace {

/// What came of a request. status 0: no answer; then `problem` says why.
struct DeliveryReply {
  int status = 0;
  std::string problem;  ///< For people.
  std::optional<uint64_t> retry_after_ms;
  std::optional<uint64_t> expected;  ///< 409: the producer's count at the server.
};

struct DeliveryStep {
  enum class Kind : uint8_t {
    kCreate,    ///< PUT the log: `body`.
    kAppend,    ///< POST entries: `body` (NDJSON) with producer and `sequence`.
    kEnd,       ///< POST end: `body`.
    kWaitData,  ///< Nothing to send: wait for the spool.
    kWaitTime,  ///< The server is away: wait `wait_ms`.
    kDone,      ///< All is delivered and the log is ended as the spool says.
    kFailed,    ///< The server will not take it: Problem() says why and what to do.
  };
  Kind kind = Kind::kWaitData;
  const std::string* body = nullptr;  ///< Valid until the next call.
  uint64_t sequence = 0;
  int64_t wait_ms = 0;
};

struct DeliveryLimits {
  size_t batch_bytes = 512 << 10;  ///< Encoded entries of one request.
  int64_t first_wait_ms = 250;     ///< Before the first repetition; doubles, half of it random.
  int64_t longest_wait_ms = 15'000;
};

/// One thread. What happens is told to people by `say`: once when the server is away, once when it
/// is back, and what was lost.
class Delivery {
 public:
  Delivery(Spool& spool, Random& random, DeliveryLimits limits, Say say);

  /// What to do now. Sending steps are answered by OnReply before Next is called again.
  DeliveryStep Next(int64_t now_ms);
  void OnReply(const DeliveryReply& reply, int64_t now_ms);

  const std::string& Problem() const { return problem_; }

 private:
  enum class Stage : uint8_t { kCreate, kAppend, kEnd, kDone, kFailed };

  bool LoadBatch();
  void BuildAppendBody();
  void OnCreated(const DeliveryReply& reply);
  void OnAppended(const DeliveryReply& reply, int64_t now_ms);
  void OnEnded(const DeliveryReply& reply);
  void OnConflict(const DeliveryReply& reply, int64_t now_ms);
  void OnTooLarge(const DeliveryReply& reply);
  void Complete(uint64_t count);
  void Retry(const DeliveryReply& reply, int64_t now_ms);
  void Refused(const DeliveryReply& reply);
  void Answered();
  void Fail(std::string problem);
  uint64_t ServerSequence() const { return batch_.first - spool_.Shift(); }

  Spool& spool_;
  Random& random_;
  const DeliveryLimits limits_;
  const Say say_;
  Stage stage_ = Stage::kCreate;
  SpoolBatch batch_;
  uint64_t sent_count_ = 0;            ///< How many of the batch's entries `body_` holds.
  uint64_t max_entries_ = UINT64_MAX;  ///< Of a request; smaller after a 413.
  int good_batches_ = 0;               ///< In a row, while max_entries_ is smaller.
  uint64_t lost_ = 0;                  ///< To be said with the next entry.
  std::string body_;                   ///< Of the request under way; empty: to be built.
  int64_t not_before_ms_ = 0;
  int failures_ = 0;  ///< In a row.
  bool away_said_ = false;
  std::string problem_;
};

}  // namespace tailrace
