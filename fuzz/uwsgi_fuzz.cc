// uwsgi requests: the events do not depend on how the bytes are cut, and a head that is told keeps
// what request.h and uwsgi.h promise.
#include <algorithm>

#include "base/check.h"
#include "http/uwsgi.h"
#include "pieces.h"

namespace tailrace {
namespace {

class Recorder final : public RequestEvents {
 public:
  explicit Recorder(UwsgiParser* pausing) : pausing_(pausing) {}

  void OnHead(RequestHead&& head) override {
    CHECK(!told_);
    told_ = true;
    CHECK(head.path.starts_with('/') && !head.chunked && !head.keep_alive && head.gateway);
    CHECK(head.headers.Count("Content-Length") <= 1 && head.headers.Count("Host") <= 1);
    CHECK(!head.headers.Has("Transfer-Encoding") && !head.headers.Has("Connection"));
    log_.append(MethodName(head.method)).append(" ").append(head.target);
    for (size_t i = 0; i < head.headers.Size(); ++i) {
      const HeaderField field = head.headers.At(i);
      CHECK(IsToken(field.name));
      CHECK(std::ranges::none_of(
          field.value, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }));
      log_.append("|").append(field.name).append("=").append(field.value);
    }
    left_ = head.content_length.value_or(0);
    if (pausing_ != nullptr) pausing_->Pause();
  }
  void OnBody(std::string_view bytes) override {
    CHECK(told_ && !bytes.empty() && bytes.size() <= left_);
    left_ -= bytes.size();
    log_.append(bytes);
    if (pausing_ != nullptr) pausing_->Pause();
  }
  void OnComplete() override {
    CHECK(told_ && left_ == 0 && !over_);
    over_ = true;
    log_.append(">");
  }
  std::string& log() { return log_; }

 private:
  UwsgiParser* pausing_;
  std::string log_;
  uint64_t left_ = 0;
  bool told_ = false;
  bool over_ = false;
};

std::string Feed(std::string_view input, uint8_t pattern, bool whole, bool pause) {
  static const Http1Limits limits{
      .head_bytes = 1000, .target_bytes = 100, .header_count = 12, .chunked = {}};
  UwsgiParser parser(&limits);
  Recorder recorder(pause ? &parser : nullptr);
  uint32_t step = 0;
  while (!input.empty() && !parser.Failed()) {
    std::string_view part = whole ? std::exchange(input, {}) : TakePiece(input, pattern, step);
    while (!part.empty() && !parser.Failed()) {
      const size_t consumed = parser.Consume(part, recorder);
      CHECK(consumed <= part.size());
      part.remove_prefix(consumed);
    }
    for (int i = 0; i < 2 && !parser.Failed(); ++i) parser.Consume("", recorder);
  }
  std::string log = recorder.log();
  if (parser.Failed()) {
    log.append("!").append(std::to_string(parser.error().status)).append(parser.error().reason);
  }
  return log.append(parser.InHead() ? "head" : "");
}

}  // namespace
}  // namespace tailrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = tailrace::AsText(data, size);
  const uint8_t pattern = tailrace::TakeByte(input);
  const std::string whole = tailrace::Feed(input, 0, true, false);
  CHECK(whole == tailrace::Feed(input, 0, false, false));
  CHECK(whole == tailrace::Feed(input, pattern, false, true));
  return 0;
}
