// Http2Codec: the server's end of one HTTP/2 connection (RFC 9113) on nghttp2: bytes in, events
// out; what is to be sent stands in output(). No socket, no clock.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/http1.h"
#include "http/http2_guard.h"
#include "http/http2_head.h"
#include "http/http2_output.h"

struct nghttp2_session;

namespace tailrace {

struct Http2Limits {
  Http1Limits head;                     ///< Of each request's head, and of its content length.
  uint32_t streams = 256;               ///< Open at the same time; more are refused.
  uint32_t stream_window = 256 << 10;   ///< Of a request's body, on its way or held.
  int32_t connection_window = 1 << 20;  ///< The same of all bodies of the connection.
  uint64_t resets = 1'000;              ///< Http2Abuse::kResets beyond it, within 30 s.
  uint64_t control_frames = 1'000;      ///< kControlFrames: the same.
  uint64_t unread_frames = 2'000;       ///< kUnread.
  uint64_t continuations = 8;           ///< Frames of one head, besides the first.
};

/// Told from inside of Receive, Write and Pump. A handler must not call these three from there, nor
/// destroy the codec. Streams are named by their number.
class Http2Events {
 public:
  virtual ~Http2Events() = default;
  /// `ended`: there is no body.
  virtual void OnRequest(int32_t stream, RequestHead&& head, bool ended) = 0;
  /// A request that cannot be served; the answer is a problem of `fault`.
  virtual void OnBadRequest(int32_t stream, HeadFault fault) = 0;
  /// Consume gives the client room for as much again.
  virtual void OnBody(int32_t stream, std::string_view bytes) = 0;
  virtual void OnBodyEnd(int32_t stream) = 0;
  /// The client's windows have room for a stream that Write could not send all of.
  virtual void OnWindow(int32_t stream) = 0;
  /// The stream is over, by the end of both directions or by a reset. Its number is not used again.
  virtual void OnClosed(int32_t stream) = 0;
};

struct Http2ResponseHead {
  int status = 200;
  std::span<const HeaderField> headers;
  const Headers* more_headers = nullptr;  ///< Besides `headers`; may be null.
  bool end = false;                       ///< No body follows.
};

/// One thread. It owns nothing of what Write is given.
class Http2Codec {
 public:
  /// Both outlive the codec. The client's preface comes through Receive, too.
  Http2Codec(const Http2Limits& limits, Http2Events& events);
  ~Http2Codec();
  Http2Codec(const Http2Codec&) = delete;
  Http2Codec& operator=(const Http2Codec&) = delete;

  /// `now_ms` never goes back. After an error of the client, output() gets a GOAWAY and Over().
  void Receive(std::string_view bytes, uint64_t now_ms);
  /// Bytes that OnBody gave were used up. Also of streams that are over.
  void Consume(int32_t stream, uint64_t size);

  void SendContinue(int32_t stream);
  void SendHead(int32_t stream, const Http2ResponseHead& head);
  /// After SendHead. Puts DATA frames with as much of `parts` as the windows let through, but at
  /// most `limit` bytes, into output(), which may borrow the parts (Http2Output::Lend). `end`:
  /// behind the last byte of them nothing comes. Returns how much was taken; if that is less than
  /// `limit` and the parts, OnWindow comes.
  uint64_t Write(int32_t stream, std::span<const iovec> parts, uint64_t limit, bool end);
  /// After SendHead: the body is complete.
  void End(int32_t stream);
  /// Error codes: §7. The answer is cut.
  void Reset(int32_t stream, uint32_t error_code);

  /// Puts frames that wait into output(). Not while that is larger than the caller likes.
  void Pump();
  Http2Output& output() { return output_; }

  /// The client is told to begin nothing more (§6.8). What it sent before it could know is still
  /// served: only when it has answered a PING that was sent behind it, or FinishDrain is called,
  /// further streams are ignored.
  void BeginDrain();
  void FinishDrain();
  /// GOAWAY, ENHANCE_YOUR_CALM.
  void Cut(Http2Abuse abuse);
  Http2Abuse abuse() const { return abuse_; }

  /// Some of a head has come, but not all of it; or not even the client's first SETTINGS.
  bool InHead() const { return in_head_ || !greeted_; }
  /// Counts the heads that have begun.
  uint64_t Heads() const { return heads_; }
  /// Nothing is read any more, and nothing comes into output().
  bool Over() const;

 private:
  struct Callbacks;
  struct Writing {
    int32_t stream = 0;
    std::span<const iovec> parts;  // the first of which begins at `offset`
    size_t offset = 0;
    uint64_t left = 0;
    bool end = false;
  };

  void OnFrame(const void* frame);
  void OnHead(int32_t stream, bool ended);
  void OnFrameSent(const void* frame);
  ssize_t ReadData(int32_t stream, size_t room, uint32_t& flags);
  void TakeData(size_t size);
  void Charge(Http2Guard& guard, Http2Abuse abuse);
  void WakeHeld();
  uint64_t Share(int32_t stream) const;

  const Http2Limits& limits_;
  Http2Events& events_;
  nghttp2_session* session_ = nullptr;
  Http2Output output_;
  Writing writing_;
  std::unique_ptr<Http2HeadBuilder> head_;  // while in_head_
  std::vector<int32_t> held_;               // by Share
  Http2Guard resets_;
  Http2Guard control_frames_;
  uint64_t now_ms_ = 0;
  uint64_t heads_ = 0;
  uint32_t open_streams_ = 0;
  int32_t last_stream_ = 0;  // that was told
  Http2Abuse abuse_ = Http2Abuse::kNone;
  bool in_head_ = false;
  bool greeted_ = false;
  bool failed_ = false;  // nothing is given to nghttp2 any more
  bool drained_ = false;
};

/// How much more of the connection's window one stream may take, so that one that stalls cannot
/// take all: its `unread` bytes (sent and not acknowledged) never exceed `weight` times the
/// `window` that is left (dynamic thresholds for shared buffers, Choudhury and Hahne 1998). Each
/// stream that stalls leaves 1 / (weight + 1) of what it found. A client that gives room again when
/// at most weight / (weight + 1) of a window is used is never waited for in vain; most do at a
/// half.
uint64_t ShareOfWindow(uint64_t window, uint64_t unread, uint64_t weight);

}  // namespace tailrace
