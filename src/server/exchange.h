// Exchange: one request and its answer, whatever protocol carries them.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/request.h"
#include "server/answer.h"
#include "server/client_origin.h"
#include "server/pace.h"

namespace tailrace {

class Exchange;
class Worker;

/// Names a session across turns. A session's place is used again; the generation tells them apart.
struct SessionId {
  uint32_t slot = 0;
  uint32_t generation = 0;
  bool operator==(const SessionId&) const = default;
};

/// Takes a request's body on the loop. Destroyed when the request is answered or its client is
/// gone.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual void OnBody(std::string_view bytes) = 0;
  /// All bytes that came with one read were given: a good moment to act on them.
  virtual void OnPause() {}
  virtual void OnEnd() = 0;
  /// No more of the body will come (time-out, the server stops): answer with `problem` as soon as
  /// what was taken is safe.
  virtual void OnStop(const Problem& problem) = 0;
};

/// What an exchange turns into when its answer never ends.
class Stream {
 public:
  /// Detaches itself from whatever feeds it.
  virtual ~Stream() = default;
  /// There is room: once it has started, and whenever a write took less than it was given.
  virtual void OnWritable() = 0;
  /// The same, where streams share a connection and take turns: this is the moment to write.
  virtual void OnTurn() { OnWritable(); }
  /// Its deadline has come (Exchange::SetDeadline).
  virtual void OnDeadline() = 0;
  /// The client will send no more; it may be gone altogether.
  virtual void OnReadEnd() = 0;
  /// Tell the client to come back in `retry_ms`, and end.
  virtual void Drain(uint64_t retry_ms) = 0;
  /// Its viewer's rights have changed: ends if it may not go on.
  virtual void Recheck() = 0;
  /// Entries that it has still to send.
  virtual uint64_t LagEntries() const { return 0; }
};

/// What a stream must know of the protocol below it.
struct StreamOpening {
  std::string head;      ///< Goes out before all else; empty where the protocol sends it itself.
  bool chunked = false;  ///< Everything behind `head` has the framing of HTTP/1.1 chunks.
};

/// One request's right to an answer. On the worker's loop; does nothing once the client is gone.
class Reply {
 public:
  Reply(Worker& worker, SessionId session, uint64_t request)
      : worker_(&worker), session_(session), request_(request) {}

  /// Once.
  void Send(Answer answer) const;
  /// True: stop giving the body to its sink. The client is held back by flow control.
  void HoldBody(bool hold) const;
  /// Null: the client is gone or has its answer.
  Exchange* Find() const;
  Worker& worker() const { return *worker_; }

 private:
  friend class Exchange;
  Exchange* FindAny() const;

  Worker* worker_;
  SessionId session_;
  uint64_t request_;
};

/// Owned by its session; a handler meets it during Worker::Dispatch and by Reply::Find, a stream
/// holds it for as long as it lives.
class Exchange {
 public:
  explicit Exchange(Worker& worker) : worker_(worker) {}
  virtual ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Worker& worker() const { return worker_; }
  virtual Reply MakeReply() const = 0;
  virtual bool AwaitsAnswer() const { return request_ != nullptr && !request_->answered; }

  // The request, until it is answered.
  const RequestHead& head() const { return request_->head; }
  const std::string& request_id() const { return request_->id; }
  /// Found out when it is first asked for: a request of which nobody asks it, and a stream that is
  /// under way, keep nothing of it.
  const ClientOrigin& origin() const;
  /// The handler's, during Worker::Dispatch: who takes the body. Without one it is thrown away.
  void SetSink(std::unique_ptr<BodySink> sink) { request_->sink = std::move(sink); }
  virtual void HoldBody(bool hold) = 0;
  /// Its handler was found later than in Worker::Dispatch, and the body was held until now.
  virtual void OnLateDispatch() = 0;

  // One of two answers.
  virtual void Send(Answer answer) = 0;
  /// The answer is a stream from now on, with status 200 and `headers`. StartStream follows at
  /// once. AwaitsAnswer().
  virtual StreamOpening OpenStream(const Headers& headers) = 0;
  virtual void StartStream(std::unique_ptr<Stream> stream) = 0;

  // For streams.
  /// As Viewer::Write: returns how much was taken; less means that OnWritable will come; negative:
  /// broken.
  virtual int64_t Write(std::span<const iovec> parts) = 0;
  virtual void SetDeadline(uint64_t delay_ms) = 0;
  /// The client must see that the answer was cut. The exchange dies at the end of this turn.
  virtual void Close() = 0;
  /// Everything was written: the client gets it all and sees the end. The stream dies here or at
  /// the end of this turn.
  virtual void CloseGently() = 0;

  /// Its client's rights have changed: ends what may not go on.
  void Recheck();
  uint64_t LagEntries() const { return stream_ != nullptr ? stream_->LagEntries() : 0; }

 protected:
  struct Request {
    RequestHead head;
    std::string id;  // in its answer and in the log
    uint64_t started_ms = 0;
    std::unique_ptr<BodySink> sink;
    Pace body_pace;                        // while we wait for it
    std::unique_ptr<ClientOrigin> origin;  // null: not asked for
    bool complete = false;                 // the body has been read
    bool stopped = false;                  // no more of it is wanted: the sink was told
    bool answered = false;                 // Send or OpenStream was called
  };

  void BeginRequest(RequestHead head);
  /// Who is at the other end of the connection.
  virtual ClientHop Hop() const = 0;
  /// The sink, if it still wants to hear of the body.
  BodySink* ActiveSink() const {
    const bool hears = request_ != nullptr && !request_->answered && !request_->stopped;
    return hears ? request_->sink.get() : nullptr;
  }
  /// How long the next bytes of the body may take.
  uint64_t BodyAllowanceMs() const;
  /// The same for the client to take some more of the answer, if it took them at this pace.
  uint64_t AnswerAllowanceMs(const Pace& pace) const;
  void LogAnswer(int status) const;
  /// What every answer has, whatever it says: fields of browsers' rules.
  void AddCommonHeaders(Headers& headers) const;
  /// Tells the sink, once, that no more of the body will come; it answers when it can.
  void StopSink(const Problem& problem);
  void StopSinkForDrain();
  /// Asks for the next piece of an answer. OnPulled gets it and the source back, unless the
  /// exchange is gone by then.
  void Pull(std::unique_ptr<BodySource> source);
  /// Of the answer that is under way; null: none is, or it needs none.
  virtual const AnswerPass* Pass() const = 0;
  virtual void OnPulled(std::unique_ptr<BodySource> source, Result<std::string> piece) = 0;

  Worker& worker_;
  std::unique_ptr<Request> request_;  // while it is under way
  std::unique_ptr<Stream> stream_;
};

}  // namespace tailrace
