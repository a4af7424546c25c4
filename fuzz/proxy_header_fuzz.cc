// PROXY headers: how the bytes are cut changes nothing, and what is behind a header stays there.
#include "base/check.h"
#include "http/proxy_header.h"
#include "pieces.h"

namespace tailrace {
namespace {

struct Outcome {
  std::string text;
  size_t consumed = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome Feed(std::string_view input, uint8_t pattern, bool whole) {
  ProxyHeaderParser parser;
  Outcome outcome;
  uint32_t step = 0;
  while (!input.empty() && !parser.Done() && !parser.Failed()) {
    std::string_view rest = input;
    const std::string_view part = whole ? input : TakePiece(rest, pattern, step);
    const size_t consumed = parser.Consume(part);
    CHECK(consumed == part.size() || parser.Done() || parser.Failed());
    outcome.consumed += consumed;
    input.remove_prefix(consumed);
  }
  CHECK(outcome.consumed <= 16 + kProxyHeaderBytes);
  if (parser.Failed()) {
    CHECK(!parser.Reason().empty());
    outcome.text = parser.Reason();
  } else if (parser.Done()) {
    const ProxyHeader& header = parser.header();
    outcome.text = header.client ? header.client->Text() : "-";
    outcome.text.append(header.secure ? " https" : " http");
  }
  return outcome;
}

}  // namespace
}  // namespace tailrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = tailrace::AsText(data, size);
  const uint8_t pattern = tailrace::TakeByte(input);
  const tailrace::Outcome whole = tailrace::Feed(input, 0, true);
  CHECK(whole == tailrace::Feed(input, 0, false));
  CHECK(whole == tailrace::Feed(input, pattern, false));
  return 0;
}
