// Session: one client's connection: requests in, answers or one stream out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/http1.h"
#include "http/response.h"
#include "io/connection.h"
#include "server/answer.h"

namespace tailrace {

class Worker;
class Session;

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

/// What a session turns into when its answer never ends.
class Stream {
 public:
  /// Detaches itself from whatever feeds it.
  virtual ~Stream() = default;
  /// There is room: once it has started, and whenever a write took less than it was given.
  virtual void OnWritable() = 0;
  /// Its deadline has come (Session::SetDeadline).
  virtual void OnDeadline() = 0;
  /// The client will send no more; it may be gone altogether.
  virtual void OnReadEnd() = 0;
  /// Tell the client to come back in `retry_ms`, and end.
  virtual void Drain(uint64_t retry_ms) = 0;
  /// Entries that it has still to send.
  virtual uint64_t LagEntries() const { return 0; }
};

/// One request's right to an answer. On the worker's loop; does nothing once the client is gone.
class Reply {
 public:
  Reply(Worker& worker, SessionId session, uint64_t request)
      : worker_(&worker), session_(session), request_(request) {}

  /// Once.
  void Send(Answer answer) const;
  /// True: stop giving the body to its sink. The client is held back by TCP.
  void HoldBody(bool hold) const;
  /// Null: the client is gone or has its answer.
  Session* Find() const;
  Worker& worker() const { return *worker_; }

 private:
  Worker* worker_;
  SessionId session_;
  uint64_t request_;
};

class Session final : private ConnectionHandler, private Http1Events {
 public:
  /// Owns `fd`.
  Session(Worker& worker, SessionId id, int fd);
  ~Session() override;

  SessionId id() const { return id_; }
  uint64_t request() const { return request_; }
  bool AwaitsAnswer() const {
    return mode_ == Mode::kRequests && state_ != nullptr && !state_->answered;
  }
  const RequestHead& head() const { return state_->head; }
  const std::string& request_id() const { return state_->id; }
  Worker& worker() { return worker_; }

  /// The handler's, during Worker::Dispatch: who takes the body. Without one it is thrown away.
  void SetSink(std::unique_ptr<BodySink> sink) { state_->sink = std::move(sink); }
  void HoldBody(bool hold);
  void Send(Answer answer);
  /// The answer is a stream from now on; it sends its own head. No further request is read.
  /// AwaitsAnswer().
  void StartStream(std::unique_ptr<Stream> stream);

  // For streams.
  int64_t Write(std::span<const iovec> parts) { return connection_.Write(parts); }
  void SetDeadline(uint64_t delay_ms);
  /// The session dies at the end of this turn.
  void Close();
  /// Everything was written: closes so that the client gets it all (RFC 9112 §9.6).
  void CloseGently();

  /// Finishes what is under way and then closes; streams get a retry drawn by the worker.
  void Drain();
  void OnDeadlineDue(uint64_t due_ms);
  uint64_t LagEntries() const { return stream_ != nullptr ? stream_->LagEntries() : 0; }

 private:
  struct RequestState {
    RequestHead head;
    std::string id;  // in its answer and in the log
    uint64_t started_ms = 0;
    std::unique_ptr<BodySink> sink;
    bool complete = false;  // the body has been read
    bool answered = false;  // Send or StartStream was called
  };
  struct AnswerState {
    std::string body;  // follows output_
    std::unique_ptr<BodySource> source;
    bool chunked = false;
    bool pulling = false;  // Next is under way on the reader pool
    bool last = false;     // nothing comes after what is in output_
  };
  enum class Mode : uint8_t { kRequests, kStream, kLinger, kClosed };

  void OnRead(std::string_view bytes) override;
  void OnReadEnd() override;
  void OnWritable() override;
  void OnBroken() override { Close(); }
  void OnHead(RequestHead&& head) override;
  void OnBody(std::string_view bytes) override;
  void OnComplete() override;

  bool CanParse() const;
  void Parse(std::string_view bytes);
  void ParseRequest(std::string_view& bytes);
  void ParseHeldInput();
  void BeginRequest(RequestHead head);
  void RefuseRequest(int status, std::string reason);
  void RefuseBadRequest();
  void CloseIfOver();
  void LogAnswer(int status) const;
  void AppendHead(const Answer& answer, BodyFraming framing);
  void Flush();
  bool FlushOutput();
  void PullSource();
  void OnPulled(uint64_t request, Result<std::string> piece);
  void FinishAnswer();
  void UpdateDeadline();
  void OnDeadline();

  Worker& worker_;
  Connection connection_;
  std::unique_ptr<Http1Parser> parser_;
  std::unique_ptr<RequestState> state_;  // while a request is under way
  std::unique_ptr<AnswerState> answer_;  // while its answer is written
  std::unique_ptr<Stream> stream_;
  std::string input_;   // read and not parsed yet
  std::string output_;  // to be written, from output_sent_ on; empty: nothing
  SessionId id_;
  uint64_t request_ = 0;      // counts them
  uint64_t deadline_ms_ = 0;  // what is meant
  uint64_t armed_ms_ = 0;     // what the worker's heap will say; 0: nothing
  uint64_t output_sent_ = 0;
  uint64_t lingered_bytes_ = 0;
  Mode mode_ = Mode::kRequests;
  bool in_parse_ = false;     // in Parse: it flushes and goes on by itself
  bool in_parser_ = false;    // in one of the parser's events
  bool in_head_ = false;      // the deadline is that of a head
  bool held_ = false;         // the sink wants no more for now
  bool close_after_ = false;  // this answer is the last one
};

}  // namespace tailrace
