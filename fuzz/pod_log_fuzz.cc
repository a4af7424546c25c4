// A container's log as the API sends it: any bytes make the same lines however they come; and what
// was read and is written again as a kubelet would is read the same.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "pieces.h"
#include "source/kubernetes/log_stream_parser.h"

namespace tailrace {
namespace {

using Lines = std::vector<std::pair<TimeNs, std::string>>;

struct Reading {
  Lines lines;
  std::string said;
};

Reading Read(std::string_view input, std::optional<uint8_t> pattern) {
  Reading reading;
  bool open = false;
  LogStreamParser parser("0123456789", [&](const LogPiece& piece) {
    CHECK(piece.begins == !open);
    if (piece.begins) reading.lines.emplace_back(piece.time, "");
    reading.lines.back().second += piece.text;
    open = !piece.ends;
  });
  uint32_t step = 0;
  if (!pattern) parser.Feed(input);
  while (pattern && !input.empty()) parser.Feed(TakePiece(input, *pattern, step));
  reading.said = parser.Finish();
  CHECK(!open && parser.AtLineStart());
  return reading;
}

}  // namespace
}  // namespace tailrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tailrace;
  std::string_view input = AsText(data, size);
  const uint8_t pattern = TakeByte(input);
  const Reading whole = Read(input, std::nullopt);
  const Reading pieces = Read(input, pattern);
  CHECK(whole.lines == pieces.lines && whole.said == pieces.said);
  std::string again;
  for (const auto& [time, text] : whole.lines) {
    CHECK(text.find('\n') == std::string::npos);
    if (text.size() >= LogStreamParser::kPartBytes) return 0;  // Which stamps were there is gone.
    again += FormatRfc3339(time) + " " + text + "\n";
  }
  CHECK(Read(again, std::nullopt).lines == whole.lines);
  return 0;
}
