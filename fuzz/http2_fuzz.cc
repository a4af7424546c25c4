// HTTP/2 connections: the events do not depend on how the bytes are cut; while requests are
// answered, what goes out is whole frames in order, and each stream's bytes are those of its
// answer.
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/check.h"
#include "http/http2.h"
#include "pieces.h"

namespace tailrace {
namespace {

constexpr uint64_t kSliceBytes = 64 << 10;  // of one Write
constexpr std::string_view kOpening("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);

// What all answers are cut from; beginnings differ by stream.
const std::string& Pattern() {
  static const std::string pattern = [] {
    std::string made;
    while (made.size() < 3 * kSliceBytes) made += std::to_string(made.size()) + " ";
    return made;
  }();
  return pattern;
}

size_t AnswerBytes(int32_t stream) {
  return static_cast<size_t>(stream) * 7'919 % (2 * kSliceBytes);
}

std::string_view Answer(int32_t stream) {
  return std::string_view(Pattern()).substr(static_cast<size_t>(stream) % 1'000,
                                            AnswerBytes(stream));
}

class Recorder final : public Http2Events {
 public:
  void OnRequest(int32_t stream, RequestHead&& head, bool ended) override {
    Begin(stream);
    if (ended) ended_.insert(stream);
    Note(stream, std::string(MethodName(head.method)) + " " + head.target);
  }
  void OnBadRequest(int32_t stream, HeadFault fault) override {
    CHECK(fault.status >= 400 && fault.status < 600);
    Begin(stream);
    Note(stream, fault.reason);
  }
  void OnBody(int32_t stream, std::string_view bytes) override {
    CHECK(!bytes.empty());
    if (!open_.contains(stream)) return;  // what is over may still get what was on its way
    CHECK(!ended_.contains(stream));
    bodies_[stream].append(bytes);
    unread_[stream] += bytes.size();
  }
  void OnBodyEnd(int32_t stream) override {
    if (open_.contains(stream)) CHECK(ended_.insert(stream).second);
  }
  void OnWindow(int32_t stream) override { windows_.insert(stream); }
  void OnClosed(int32_t stream) override {
    CHECK(open_.erase(stream) == 1);
    Note(stream, "closed");
  }

  // Events with the whole of each body; those come in pieces. Of a body that is longer than was
  // said, which is an error, more or less of it may have been told.
  std::string Log() const {
    std::string log = log_;
    for (const auto& [stream, body] : bodies_) {
      if (ended_.contains(stream)) log += std::to_string(stream) + "=" + body + "\n";
    }
    return log;
  }
  const std::set<int32_t>& open() const { return open_; }
  std::set<int32_t> TakeNew() { return std::exchange(new_, {}); }
  std::set<int32_t> TakeWindows() { return std::exchange(windows_, {}); }
  std::map<int32_t, uint64_t> TakeUnread() { return std::exchange(unread_, {}); }

 private:
  void Begin(int32_t stream) {
    CHECK(stream > last_ && stream % 2 == 1);
    last_ = stream;
    open_.insert(stream);
    new_.insert(stream);
  }
  void Note(int32_t stream, const std::string& what) {
    log_ += std::to_string(stream) + " " + what + "\n";
  }

  std::string log_;
  std::set<int32_t> open_;
  std::set<int32_t> ended_;
  std::set<int32_t> new_;
  std::set<int32_t> windows_;
  std::map<int32_t, std::string> bodies_;
  std::map<int32_t, uint64_t> unread_;
  int32_t last_ = 0;
};

const Http2Limits& Limits(bool answering) {
  static const Http2Limits strict{.streams = 8, .resets = 20, .control_frames = 60};
  // What is refused because of frames that wait depends on when they are looked at.
  static const Http2Limits patient{.streams = 8, .unread_frames = UINT64_MAX};
  return answering ? strict : patient;
}

// Frames as a client would see them (RFC 9113 §4.1).
class FrameReader {
 public:
  void Take(std::string_view bytes) {
    input_.append(bytes);
    while (input_.size() >= 9) {
      const size_t size = Byte(0) << 16 | Byte(1) << 8 | Byte(2);
      CHECK(size <= 16'384);  // no client asks for more here, or nobody makes use of it
      if (input_.size() < 9 + size) return;
      CHECK(!first_ || Byte(3) == 4);  // SETTINGS
      first_ = false;
      const auto stream =
          static_cast<int32_t>((Byte(5) & 0x7f) << 24 | Byte(6) << 16 | Byte(7) << 8 | Byte(8));
      if (Byte(3) == 0) Data(stream, std::string_view(input_).substr(9, size));
      input_.erase(0, 9 + size);
    }
  }

 private:
  size_t Byte(size_t at) const { return static_cast<unsigned char>(input_[at]); }
  void Data(int32_t stream, std::string_view bytes) {
    size_t& at = received_[stream];
    CHECK(Answer(stream).substr(at, bytes.size()) == bytes);
    at += bytes.size();
  }

  std::string input_;
  std::map<int32_t, size_t> received_;
  bool first_ = true;
};

// Answers each request and gives the client room, as far as the client's windows go.
class Server {
 public:
  Server() : codec_(Limits(true), events_) {}

  void Receive(std::string_view bytes, size_t socket_bytes) {
    now_ms_ += 10;
    codec_.Receive(bytes, now_ms_);
    for (const auto& [stream, size] : events_.TakeUnread()) codec_.Consume(stream, size);
    for (const int32_t stream : events_.TakeNew()) {
      if (events_.open().contains(stream)) Begin(stream);
    }
    for (int i = 0; i < 3; ++i) {  // each may make room for others
      codec_.Pump();
      Drain(socket_bytes);
      for (const int32_t stream : events_.TakeWindows()) Continue(stream);
    }
    Drain(socket_bytes);
  }

 private:
  void Begin(int32_t stream) {
    const std::array<HeaderField, 1> fields = {{{"x-Name", "value\n"}}};
    codec_.SendHead(stream, {.headers = fields, .end = Answer(stream).empty()});
    codec_.Pump();
    Continue(stream);
  }
  void Continue(int32_t stream) {
    const std::string_view left = Answer(stream).substr(sent_[stream]);
    if (left.empty() || !events_.open().contains(stream)) return;
    const size_t half = left.size() / 2;
    const std::array<iovec, 2> parts = {
        {{const_cast<char*>(left.data()), half},
         {const_cast<char*>(left.data()) + half, left.size() - half}}};
    const uint64_t taken = codec_.Write(stream, parts, kSliceBytes, true);
    CHECK(taken <= left.size() && taken <= kSliceBytes);
    sent_[stream] += taken;
  }
  void Drain(size_t socket_bytes) {
    Http2Output& output = codec_.output();
    while (!output.Empty()) {
      std::array<iovec, 3> parts;
      const size_t count = output.Gather(parts);
      uint64_t size = 0;
      for (size_t i = 0; i < count && size < socket_bytes; ++i) {
        const size_t piece = std::min<size_t>(parts[i].iov_len, socket_bytes - size);
        reader_.Take({static_cast<const char*>(parts[i].iov_base), piece});
        size += piece;
      }
      output.Consume(size);
      output.Keep();
    }
  }

  Recorder events_;
  Http2Codec codec_;
  FrameReader reader_;
  std::map<int32_t, size_t> sent_;
  uint64_t now_ms_ = 1'000'000;
};

std::string Events(std::string_view input, uint8_t pattern, bool whole) {
  Recorder events;
  Http2Codec codec(Limits(false), events);
  uint32_t step = 0;
  while (!input.empty()) {
    codec.Receive(whole ? std::exchange(input, {}) : TakePiece(input, pattern, step), 1'000'000);
  }
  return events.Log();
}

}  // namespace
}  // namespace tailrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tailrace;
  std::string_view rest = AsText(data, size);
  const uint8_t pattern = TakeByte(rest);
  const bool greets = (TakeByte(rest) & 1) != 0;
  const std::string input = greets ? std::string(kOpening).append(rest) : std::string(rest);
  const std::string whole = Events(input, 0, true);
  CHECK(whole == Events(input, 0, false));
  CHECK(whole == Events(input, pattern, false));
  Server server;
  std::string_view left = input;
  for (uint32_t step = 0; !left.empty();) {
    server.Receive(TakePiece(left, pattern, step), 1 + pattern * 300u);
  }
  return 0;
}
