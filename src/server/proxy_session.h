// ProxySession: a connection of a trusted proxy until its PROXY header has been read.
#pragma once

#include "http/proxy_header.h"
#include "io/poller.h"
#include "server/open_session.h"
#include "server/session.h"

namespace tailrace {

/// Takes the header off the socket and not one byte more, so that TLS or a request may follow; then
/// the session that `kind` speaks of takes its place. A connection without a valid header within
/// `header_timeout_ms` is closed without a word: nobody is known whom it could be told.
class ProxySession final : public Session, private PollHandler {
 public:
  /// Owns `fd`.
  ProxySession(Worker& worker, SessionId id, int fd, const ListenKind& kind);

  Exchange* FindExchange(uint64_t /*request*/) override { return nullptr; }
  void Drain() override {}  // the session that follows it is told as soon as it asks
  void RecheckStreams() override {}
  std::unique_ptr<Session> OnTurnEnd() override;
  void AddTo(WorkerStats& stats) const override;

 private:
  void OnReady(bool readable, bool writable) override;
  void OnBroken() override { Close(); }
  void OnDeadline() override;
  void Refuse(std::string_view reason);
  void Close();

  Worker& worker_;
  Poller poller_;
  ProxyHeaderParser parser_;
  const ListenKind kind_;
  bool closed_ = false;
};

}  // namespace tailrace
