// Http2Session: one client's HTTP/2 connection: many requests at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/http2.h"
#include "io/connection.h"
#include "server/http2_exchange.h"
#include "server/session.h"

namespace tailrace {

/// Its streams write in turns: who finds the socket or its own windows full waits in line, and
/// while somebody does, nobody writes out of turn. What they write gathers until the turn of the
/// loop ends, and goes out by one system call, unless it is much.
class Http2Session final : public Session, private ConnectionHandler, private Http2Events {
 public:
  static constexpr uint32_t kInternalError = 2;  ///< RFC 9113 §7.
  static constexpr uint32_t kCancel = 8;

  /// Goes on with the socket of `connection` (Connection's constructor of that kind). `bytes`: what
  /// was read of it, from the preface on; `hop` as Http1Session's; Worker::CallAtTurnEnd must
  /// follow.
  Http2Session(Worker& worker, SessionId id, Connection&& connection,
               std::unique_ptr<ClientHop> hop, std::string bytes);
  ~Http2Session() override;

  // Session
  Exchange* FindExchange(uint64_t request) override;
  void Drain() override;
  void RecheckStreams() override;
  std::unique_ptr<Session> OnTurnEnd() override;
  void AddTo(WorkerStats& stats) const override;

  // For its exchanges.
  Http2Codec& codec() { return codec_; }
  ClientHop Hop() const { return HopOf({connection_.Peer(), connection_.UnderTls()}, hop_.get()); }
  /// As Exchange::Write. `end`: nothing comes behind `parts`.
  int64_t Write(Http2Exchange& exchange, std::span<const iovec> parts, bool end);
  /// Http2Exchange::OnTurn comes.
  void Wait(Http2Exchange& exchange);
  void CallAtTurnEnd(Http2Exchange& exchange);
  void CallOnPause(Http2Exchange& exchange);
  void FlushSoon();
  void WakeBy(uint64_t deadline_ms);
  void OnLargeDone();

 private:
  using Exchanges = std::vector<std::unique_ptr<Http2Exchange>>;
  enum class Mode : uint8_t { kOpen, kLinger, kClosed };
  /// What the connection itself has a deadline for.
  enum class Waits : uint8_t { kNothing, kHead, kRequest, kLastBytes };

  void OnRead(std::string_view bytes) override;
  void OnReadEnd() override;
  void OnWritable() override;
  void OnBroken() override { Close(); }
  void OnRequest(int32_t stream, RequestHead&& head, bool ended) override;
  void OnBadRequest(int32_t stream, HeadFault fault) override;
  void OnBody(int32_t stream, std::string_view bytes) override;
  void OnBodyEnd(int32_t stream) override;
  void OnWindow(int32_t stream) override;
  void OnClosed(int32_t stream) override;
  void OnDeadline() override;

  Http2Exchange* Find(int32_t stream) const;
  Http2Exchange& Add(int32_t stream);
  void Receive(std::string_view bytes);
  void DispatchQueued();
  void Flush();
  bool SendOutput();
  void GiveTurns();
  void CloseIfOver();
  void UpdateDeadline();
  void OnConnectionDeadline();
  void CallExchanges(std::vector<int32_t>& streams, void (Http2Exchange::*call)());
  void Close();

  Worker& worker_;
  Connection connection_;
  std::unique_ptr<ClientHop> hop_;  // told by a PROXY header
  Http2Codec codec_;
  Exchanges exchanges_;            // by number of stream
  Exchanges over_;                 // go at the end of the turn
  std::vector<int32_t> waiting_;   // for their turn to write, the next one in front
  std::vector<int32_t> queued_;    // not dispatched yet, see kLargeAnswers
  std::vector<int32_t> pausing_;   // got bytes of their body in this read
  std::vector<int32_t> turn_end_;  // want OnTurnEnd
  std::string input_;              // of the session before
  uint64_t next_wake_ms_ = 0;      // what is armed; 0: nothing
  uint64_t connection_due_ms_ = 0;
  uint64_t head_ = 0;        // Http2Codec::Heads() that Waits::kHead is about
  uint64_t turn_bytes_ = 0;  // written by GiveTurns
  uint32_t large_ = 0;       // exchanges that may have a large answer
  Mode mode_ = Mode::kOpen;
  Waits waits_ = Waits::kNothing;
  bool receiving_ = false;  // in one of the codec's events
  bool flush_due_ = false;  // OnTurnEnd will come
  bool draining_ = false;
};

}  // namespace tailrace
