// Http2Exchange: one stream of an HTTP/2 connection: a request with its answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/exchange.h"

namespace tailrace {

class Http2Session;
struct HeadFault;

/// Owned by its session, which outlives it.
class Http2Exchange final : public Exchange {
 public:
  Http2Exchange(Http2Session& session, Worker& worker, int32_t stream)
      : Exchange(worker), session_(session), stream_number_(stream) {}

  int32_t stream_number() const { return stream_number_; }

  // Exchange
  Reply MakeReply() const override;
  bool AwaitsAnswer() const override { return !closed_ && Exchange::AwaitsAnswer(); }
  void HoldBody(bool hold) override;
  void OnLateDispatch() override;
  void Send(Answer answer) override;
  StreamOpening OpenStream(const Headers& headers) override;
  void StartStream(std::unique_ptr<Stream> stream) override;
  int64_t Write(std::span<const iovec> parts) override;
  void SetDeadline(uint64_t delay_ms) override;
  void Close() override;
  void CloseGently() override;

  // What its session tells it.
  void Begin(RequestHead head, bool ended);
  void Refuse(HeadFault fault);
  void Dispatch();
  void OnBody(std::string_view bytes);
  void OnBodyEnd();
  /// All bytes of one read were given.
  void OnPause();
  /// Its turn to write has come.
  void OnTurn();
  /// After it asked for it by Http2Session::CallAtTurnEnd.
  void OnTurnEnd();
  void OnDeadline();
  void OnReadEnd();
  void Drain();
  /// The protocol's stream is over; this goes at the end of the turn.
  void OnOver() { closed_ = true; }

  bool IsEventStream() const { return stream_ != nullptr; }
  /// It may hold as much of an answer as one page has.
  bool MayBeLarge() const { return counted_; }
  void CountAsLarge() { counted_ = true; }

  // The session's book-keeping.
  uint64_t deadline_ms = 0;  ///< 0: none.
  bool waiting = false;      ///< In Http2Session::waiting_.
  bool granted = false;      ///< It is its turn.

 private:
  struct AnswerState {
    std::string body;
    size_t sent = 0;
    Pace pace;  // of what the client takes; anew for each piece of the source
    std::unique_ptr<BodySource> source;
    std::unique_ptr<AnswerPass> pass;  // null: the client may have everything
    bool last = false;                 // nothing comes behind `body`
  };

  ClientHop Hop() const override;
  void SendHead(int status, const Headers& headers, std::optional<uint64_t> length, bool end);
  void WriteAnswer();
  const AnswerPass* Pass() const override {
    return answer_ != nullptr ? answer_->pass.get() : nullptr;
  }
  void OnPulled(std::unique_ptr<BodySource> source, Result<std::string> piece) override;
  void GiveRoom();
  void InviteBody();
  void FinishBody();
  void ResumeBody();

  Http2Session& session_;
  std::unique_ptr<AnswerState> answer_;
  std::unique_ptr<std::string> held_body_;  // came while the sink wanted no more
  uint32_t uncredited_ = 0;                 // bytes of the body; at most the stream's window
  int32_t stream_number_;
  bool held_ = false;        // by the sink
  bool body_ended_ = false;  // the client has sent all of it
  bool counted_ = false;
  bool closed_ = false;  // nothing more is to be written
};

}  // namespace tailrace
