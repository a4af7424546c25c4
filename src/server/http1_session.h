// Http1Session: one client's HTTP/1.1 connection: requests one after the other, each with its
// answer or, as the last, a stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/request_parser.h"
#include "http/response.h"
#include "io/connection.h"
#include "server/session.h"

namespace tailrace {

/// It is the one exchange at a time that the protocol allows.
class Http1Session : public Session,
                     public Exchange,
                     private ConnectionHandler,
                     private RequestEvents {
 public:
  /// Owns `fd`. `tls`: as Connection's. `hop`: the client as a proxy in between told of it; null:
  /// nobody did.
  Http1Session(Worker& worker, SessionId id, int fd, TlsContext* tls,
               std::unique_ptr<ClientHop> hop);
  ~Http1Session() override;

  // Session
  Exchange* FindExchange(uint64_t request) override {
    return request == request_number_ ? this : nullptr;
  }
  void Drain() override;
  void RecheckStreams() override;
  std::unique_ptr<Session> OnTurnEnd() override;
  void AddTo(WorkerStats& stats) const override;

  // Exchange
  Reply MakeReply() const override { return {worker_, id_, request_number_}; }
  bool AwaitsAnswer() const override {
    return mode_ == Mode::kRequests && Exchange::AwaitsAnswer();
  }
  void HoldBody(bool hold) override;
  void OnLateDispatch() override;
  void Send(Answer answer) override;
  StreamOpening OpenStream(const Headers& headers) override;
  void StartStream(std::unique_ptr<Stream> stream) override;
  int64_t Write(std::span<const iovec> parts) override { return connection_.Write(parts); }
  void SetDeadline(uint64_t delay_ms) override { Arm(worker_, delay_ms); }
  void Close() override;
  /// RFC 9112 §9.6.
  void CloseGently() override;

 protected:
  /// For another protocol whose requests come one after the other.
  Http1Session(Worker& worker, SessionId id, int fd, TlsContext* tls,
               std::unique_ptr<ClientHop> hop, std::unique_ptr<RequestParser> parser);
  void AddStream(WorkerStats& stats, uint64_t& connections, uint64_t& event_streams) const;

 private:
  struct AnswerState {
    std::string body;  // follows output_
    std::unique_ptr<BodySource> source;
    std::unique_ptr<AnswerPass> pass;  // null: the client may have everything
    Pace pace;  // of what the client takes; anew for each piece of the source
    bool chunked = false;
    bool pulling = false;  // the source is away on the reader pool
    bool last = false;     // nothing comes after what is in output_
  };
  enum class Mode : uint8_t { kRequests, kStream, kHttp2, kLinger, kClosed };

  ClientHop Hop() const override {
    return HopOf({connection_.Peer(), connection_.UnderTls()}, hop_.get());
  }
  void OnSecured() override { UpdateDeadline(); }
  void OnRead(std::string_view bytes) override;
  void OnReadEnd() override;
  void OnWritable() override;
  void OnBroken() override { Close(); }
  void OnHead(RequestHead&& head) override;
  void OnBody(std::string_view bytes) override;
  void OnComplete() override;
  void OnDeadline() override;
  const AnswerPass* Pass() const override {
    return answer_ != nullptr ? answer_->pass.get() : nullptr;
  }
  void OnPulled(std::unique_ptr<BodySource> source, Result<std::string> piece) override;

  bool CanParse() const;
  void Parse(std::string_view bytes);
  void ParseRequest(std::string_view& bytes);
  void ParseHeldInput();
  void BeginRequest(RequestHead head);
  void RefuseRequest(int status, std::string reason);
  void RefuseBadRequest();
  void RefuseClearText();
  void InviteBody();
  bool MaySpeakHttp2() const;
  void BeginHttp2(std::string_view bytes);
  void CloseIfOver();
  void AppendHead(std::string& out, ResponseHead head) const;
  void Flush();
  bool FlushOutput();
  void PullSource();
  void FinishAnswer();
  /// The client has done its part, or all that we let it do.
  bool WaitsForUs() const;
  void UpdateDeadline();

  Connection connection_;
  std::unique_ptr<ClientHop> hop_;  // told by a PROXY header
  std::unique_ptr<RequestParser> parser_;
  std::unique_ptr<AnswerState> answer_;  // while an answer is written
  std::string input_;                    // read and not parsed yet
  std::string output_;                   // to be written, from output_sent_ on; empty: nothing
  uint64_t request_number_ = 0;
  uint64_t output_sent_ = 0;
  Mode mode_ = Mode::kRequests;
  bool in_parse_ = false;     // in Parse: it flushes and goes on by itself
  bool in_parser_ = false;    // in one of the parser's events
  bool in_head_ = false;      // the deadline is that of a head
  bool held_ = false;         // the sink wants no more for now
  bool waits_turn_ = false;   // for Worker::TakeOpening, with its first bytes in input_
  bool close_after_ = false;  // this answer is the last one
};

}  // namespace tailrace
