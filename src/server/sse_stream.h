// SseStream: one viewer of one log, in the words of api.md.
#pragma once

#include <string>

#include "feed/feed_table.h"
#include "server/exchange.h"
#include "server/gate.h"

namespace tailrace {

/// Whose words a stream speaks.
enum class Dialect : uint8_t {
  kNative,          ///< `event: end`, comments while idle.
  kPortalSentinel,  ///< `data: [DONE]` at the end, `data: [NONE]` while idle.
  kPortalPlain,     ///< Ends after the last entry.
};

class SseStream final : public Viewer, public Stream {
 public:
  struct Options {
    Format format = Format::kText;
    Coding coding = Coding::kIdentity;
    Dialect dialect = Dialect::kNative;
    StreamStart start;
    StreamPass pass = {};
  };

  /// The exchange outlives it.
  SseStream(Exchange& exchange, Options options, const StreamOpening& opening);
  ~SseStream() override;

  void OnWritable() override;
  void OnTurn() override;
  void OnDeadline() override;
  void OnReadEnd() override;
  void Drain(uint64_t retry_ms) override;
  void Recheck() override;
  uint64_t LagEntries() const override { return Lag(); }

 private:
  int64_t Write(std::span<const iovec> parts) override;
  void TellGap(std::string& out, const LogInfo& info, Position from, Position to,
               GapCause cause) override;
  void TellReset(std::string& out, const LogInfo& info, ResetCause cause) override;
  void TellEnd(std::string& out, const LogInfo& info) override;
  void TellDeleted(std::string& out) override;
  void TellUnavailable(std::string& out) override;
  bool MaySee(const LogInfo& info) const override { return pass_.MayRead(info); }
  void TellExpired(std::string& out) override;
  void OnFinished() override;
  void OnAborted() override;

  uint64_t DrawIdleMs();
  std::string_view IdlePayload() const;

  Exchange& exchange_;
  StreamPass pass_;
  uint64_t last_write_ms_;
  uint64_t idle_ms_;  // silence after which something is said
  Dialect dialect_;
  bool pings_;  // events that a page can see, not comments
};

}  // namespace tailrace
