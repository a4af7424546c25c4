// SSE rendering: a browser gets one event for each text, and its data is the text with line ends as
// LF, NUL as U+2400 and ill-formed UTF-8 as U+FFFD. Input: texts, separated by the byte 0xFE.
#include "base/check.h"
#include "base/text.h"
#include "event_source.h"
#include "http/sse.h"
#include "pieces.h"

namespace tailrace {
namespace {

constexpr uint64_t kRetryMs = 2345;

// What the contract says, in the slowest and plainest way.
std::string Expected(std::string_view text) {
  std::string valid;
  AppendValidUtf8(valid, text);
  std::string expected;
  for (size_t i = 0; i < valid.size(); ++i) {
    if (valid[i] == '\r') {
      expected.push_back('\n');
      if (i + 1 < valid.size() && valid[i + 1] == '\n') ++i;
    } else if (valid[i] == '\0') {
      expected.append("\xE2\x90\x80");
    } else {
      expected.push_back(valid[i]);
    }
  }
  return expected;
}

}  // namespace
}  // namespace tailrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tailrace;
  std::string_view input = AsText(data, size);
  std::vector<std::string_view> texts;
  std::string stream;
  AppendSseRetry(stream, kRetryMs);
  AppendSseEnd(stream);
  for (bool more = true; more;) {
    const size_t end = input.find('\xFE');
    more = end != std::string_view::npos;
    texts.push_back(input.substr(0, end));
    if (more) input.remove_prefix(end + 1);
    AppendSseData(stream, texts.back());
    stream += "id: abc." + std::to_string(texts.size()) + "\n";
    AppendSseEnd(stream);
    stream += ":\n";
  }
  CHECK(stream.find('\0') == std::string::npos);
  std::string valid;
  AppendValidUtf8(valid, stream);
  CHECK(valid == stream);
  uint64_t retry_ms = 0;
  const std::vector<SseEvent> events = ReadEventStream(stream, retry_ms);
  CHECK(retry_ms == kRetryMs);
  CHECK(events.size() == texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    CHECK(events[i].type == "message");
    CHECK(events[i].data == Expected(texts[i]));
    CHECK(events[i].last_event_id == "abc." + std::to_string(i + 1));
  }
  return 0;
}
