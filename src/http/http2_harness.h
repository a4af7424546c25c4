// For tests: an HTTP/2 client (nghttp2's other end) and what a codec has told.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/http2.h"

namespace tailrace {

/// Writes down what it is told, one line an event.
class Http2Recorder final : public Http2Events {
 public:
  void OnRequest(int32_t stream, RequestHead&& head, bool ended) override;
  void OnBadRequest(int32_t stream, HeadFault fault) override;
  void OnBody(int32_t stream, std::string_view bytes) override;
  void OnBodyEnd(int32_t stream) override;
  void OnWindow(int32_t stream) override { windows.push_back(stream); }
  void OnClosed(int32_t stream) override;

  std::string log;  ///< "1 GET /path\n", "1 body abc\n", "1 closed\n", …
  std::map<int32_t, RequestHead> heads;
  std::vector<int32_t> windows;
  std::vector<int32_t> closed;

 private:
  int32_t in_body_ = 0;  // the log's last line is of its body
};

/// Everything is in memory; what it has received of each stream stands in `answers`.
class Http2Client {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  struct Answer {
    Fields fields;
    std::string body;
    bool ended = false;
    uint32_t reset = UINT32_MAX;  ///< Error code; UINT32_MAX: not reset.
  };

  /// `consumes`: windows are given back as bytes come; else the application does not read.
  explicit Http2Client(bool consumes = true, uint32_t stream_window = 65'535);
  ~Http2Client();
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  /// With `body` null the request has none. Returns the stream.
  int32_t Request(const Fields& fields, const std::string* body = nullptr);
  int32_t Get(const std::string& path) { return Request(GetFields(path)); }
  static Fields GetFields(const std::string& path, const std::string& method = "GET");
  void Reset(int32_t stream);
  void Ping();
  void Settings();
  void Window(int32_t stream, int32_t size);

  /// What it has to send.
  std::string TakeOutput();
  void Receive(std::string_view bytes);
  std::string Field(int32_t stream, std::string_view name) const;

  std::map<int32_t, Answer> answers;
  int goaways = 0;
  int32_t goaway_last_stream = -1;
  uint32_t goaway_error = 0;

 private:
  struct Callbacks;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, std::string> bodies_;  // not sent yet
  std::string next_body_;
};

/// The codec with its client, joined; all on one clock.
struct Http2Pair {
  explicit Http2Pair(const Http2Limits& of_codec = {}, bool consumes = true,
                     uint32_t stream_window = 65'535)
      : limits(of_codec), client(consumes, stream_window), codec(limits, events) {}

  /// Carries bytes both ways until nothing comes any more.
  void Run();
  /// What the codec has to send, taken.
  std::string TakeOutput();

  Http2Limits limits;
  Http2Recorder events;
  Http2Client client;
  Http2Codec codec;
  uint64_t now_ms = 1'000'000;
};

}  // namespace tailrace
