// HTTP/1 requests: the events do not depend on how the bytes are cut; a head that is told keeps
// what request.h promises; routes and queries of any head can be looked at.
#include <algorithm>

#include "base/check.h"
#include "http/http1.h"
#include "http/negotiate.h"
#include "http/router.h"
#include "pieces.h"

namespace tailrace {
namespace {

class Recorder final : public RequestEvents {
 public:
  explicit Recorder(Http1Parser* pausing) : pausing_(pausing) {}

  void OnHead(RequestHead&& head) override {
    CHECK(!in_message_);
    in_message_ = true;
    CheckHead(head);
    log_.append("<").append(MethodName(head.method)).append(" ").append(head.target);
    for (size_t i = 0; i < head.headers.Size(); ++i) {
      log_.append("|").append(head.headers.At(i).name).append("=").append(head.headers.At(i).value);
    }
    left_ = head.content_length;
    if (pausing_ != nullptr) pausing_->Pause();
  }
  void OnBody(std::string_view bytes) override {
    CHECK(in_message_ && !bytes.empty());
    if (left_) {
      CHECK(bytes.size() <= *left_);
      *left_ -= bytes.size();
    }
    log_.append(bytes);
    if (pausing_ != nullptr) pausing_->Pause();
  }
  void OnComplete() override {
    CHECK(in_message_ && left_.value_or(0) == 0);
    in_message_ = false;
    log_.append(">");
  }
  std::string& log() { return log_; }

 private:
  static void CheckHead(const RequestHead& head) {
    CHECK(head.path.starts_with('/') || (head.path == "*" && head.method == Method::kOptions));
    CHECK(!head.chunked || (!head.content_length && head.version_minor == 1));
    CHECK(head.headers.Count("Host") <= 1 && head.headers.Count("Content-Length") <= 1);
    CHECK(head.headers.Count("Transfer-Encoding") == (head.chunked ? 1 : 0));
    for (size_t i = 0; i < head.headers.Size(); ++i) {
      CHECK(IsToken(head.headers.At(i).name));
      CHECK(std::ranges::none_of(head.headers.At(i).value, [](unsigned char c) {
        return (c < 0x20 && c != '\t') || c == 0x7f;
      }));
    }
    LookAt(head);
  }

  static void LookAt(const RequestHead& head) {
    static const Router router = [] {
      Router table;
      table.Add({Method::kGet, Method::kPut}, "/api/v1/logs/{type}/{id}", 1);
      table.Add({Method::kPost}, "/a/{b}", 2);
      return table;
    }();
    const RouteMatch match = router.Match(head.method, head.path);
    for (const auto& [name, value] : match.params) {
      CHECK(!value.empty() && value != "." && value != ".." && !value.contains('/'));
    }
    if (const Result<Query> query = ParseQuery(head.query); query) {
      CHECK(query->Items().size() <= kMaxQueryParameters);
    }
    constexpr std::string_view kOffers[] = {"application/json", "text/plain"};
    NegotiateMediaType(head.headers, kOffers);
    ChooseJoinedCoding(head.headers);
    ParseContentEncoding(head.headers);
  }

  Http1Parser* pausing_;
  std::string log_;
  std::optional<uint64_t> left_;
  bool in_message_ = false;
};

std::string Feed(std::string_view input, uint8_t pattern, bool whole, bool pause) {
  static const Http1Limits limits{.head_bytes = 600,
                                  .target_bytes = 100,
                                  .header_count = 12,
                                  .chunked = {.extension_bytes = 40, .trailer_bytes = 40}};
  Http1Parser parser(&limits);
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
  } else {
    log.append(parser.Idle() ? "idle" : parser.InHead() ? "head" : "body");
  }
  return log;
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
