// Encoded entries: any bytes can be read; what was read and is encoded again reads the same, and
// encoding that again gives the same bytes.
#include "base/check.h"
#include "log/entry.h"
#include "pieces.h"

namespace tailrace {
namespace {

bool Same(const Entry& a, const Entry& b) {
  return a.time == b.time && a.text == b.text && a.stream == b.stream && a.source == b.source &&
         a.level == b.level && a.fields == b.fields && a.partial == b.partial && a.lost == b.lost;
}

}  // namespace
}  // namespace tailrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tailrace;
  const std::string_view input = AsText(data, size);
  EntryReader reader(input);
  EntryRun run;
  Entry entry;
  size_t rest = input.size();
  while (reader.Next(entry)) {
    CHECK(reader.Rest().size() < rest);
    rest = reader.Rest().size();
    run.Add(entry);
    std::string json;
    AppendEntryJson(json, run.count, entry);
  }
  CHECK(reader.Corrupt() || rest == 0);
  EntryReader first(input);
  EntryReader second(run.encoded);
  EntryRun again;
  Entry copy;
  while (second.Next(copy)) {
    CHECK(first.Next(entry) && Same(entry, copy));
    again.Add(copy);
  }
  CHECK(!second.Corrupt() && again.count == run.count && again.encoded == run.encoded);
  return 0;
}
