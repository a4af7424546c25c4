// Content decoders: nothing beyond the limit comes out; the result does not depend on how the bytes
// are cut nor on the room.
#include "base/check.h"
#include "http/coding.h"
#include "pieces.h"

namespace tailrace {
namespace {

constexpr uint64_t kLimit = 100'000;

struct Decoded {
  std::string text;
  bool failed = false;
};

Decoded Decode(ContentCoding coding, std::string_view input, uint8_t pattern, bool whole) {
  const auto decoder = MakeContentDecoder(coding, kLimit);
  const size_t room = whole ? 1 << 16 : 1 + pattern * 7u;
  Decoded decoded;
  uint32_t step = 0;
  while (!input.empty()) {
    std::string_view part = whole ? std::exchange(input, {}) : TakePiece(input, pattern, step);
    for (bool more = true; more;) {
      const size_t before = decoded.text.size();
      const Result<bool> result = decoder->Decode(part, decoded.text, room);
      CHECK(decoded.text.size() - before <= room && decoded.text.size() <= kLimit);
      if (!result) {
        decoded.failed = true;
        return decoded;
      }
      more = *result;
    }
    CHECK(part.empty());
  }
  decoded.failed = !decoder->Finish();
  return decoded;
}

}  // namespace
}  // namespace tailrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tailrace;
  std::string_view input = AsText(data, size);
  const uint8_t choice = TakeByte(input);
  const auto coding = static_cast<ContentCoding>(choice % 3);
  const Decoded whole = Decode(coding, input, 0, true);
  const Decoded cut = Decode(coding, input, choice / 3, false);
  CHECK(whole.failed == cut.failed);
  CHECK(whole.failed || whole.text == cut.text);
  return 0;
}
