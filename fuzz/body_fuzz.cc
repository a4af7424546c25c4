// Bodies of appends: entries and error do not depend on how the bytes are cut; no text is longer
// than the limit; text/plain loses nothing but line ends; what a page prints of an entry can be
// posted again.
#include "base/check.h"
#include "ingest/body_parser.h"
#include "ingest/create_body.h"
#include "ingest/outcome_body.h"
#include "pieces.h"

namespace tailrace {
namespace {

constexpr TimeNs kNow = 1'700'000'000'123'456'789;
constexpr std::string_view kTypes[] = {"text/plain", "application/x-ndjson", "application/json"};
const BodyLimits kLimits{
    .entry_bytes = 16, .object_bytes = 300, .fields_bytes = 60, .json_depth = 5};

struct Parsed {
  EntryRun run;
  std::string error;
};

Parsed Parse(std::string_view type, std::string_view body, uint8_t pattern, bool whole) {
  const auto parser = MakeBodyParser(type, kLimits);
  Parsed parsed;
  Result<void> result;
  uint32_t step = 0;
  while (result && !body.empty()) {
    const std::string_view part = whole ? std::exchange(body, {}) : TakePiece(body, pattern, step);
    const std::string copy(part);  // nothing may be kept of it
    result = parser->Feed(copy, kNow, parsed.run);
  }
  if (result) result = parser->Finish(kNow, parsed.run);
  if (!result) parsed.error = result.error().message + result.error().field;
  return parsed;
}

void CheckEntries(std::string_view type, std::string_view body, const Parsed& parsed) {
  EntryReader reader(parsed.run.encoded);
  Entry entry;
  uint64_t count = 0;
  uint64_t text_bytes = 0;
  std::string joined;
  while (reader.Next(entry)) {
    ++count;
    text_bytes += entry.text.size() + 1;
    CHECK(entry.text.size() <= kLimits.entry_bytes);
    joined.append(entry.text);
    if (!entry.partial) joined.push_back('\n');
    std::string page;
    AppendEntryJson(page, count, entry);
    CHECK(page.find_first_of("\r\n") == std::string::npos);
    if (type == kTypes[0]) continue;
    const auto again = MakeBodyParser(kTypes[2], {});
    EntryRun run;
    CHECK(again->Feed(page, 0, run) && again->Finish(0, run));
    EntryReader second(run.encoded);
    Entry copy;
    CHECK(second.Next(copy));
    std::string copied;
    AppendEntryJson(copied, count, copy);
    CHECK(copied == page);
  }
  CHECK(!reader.Corrupt() && count == parsed.run.count && text_bytes == parsed.run.text_bytes);
  if (type != kTypes[0]) return;
  std::string expected;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\r' || body.substr(i, 2) != "\r\n") expected.push_back(body[i]);
  }
  if (!expected.empty() && expected.back() != '\n') expected.push_back('\n');
  CHECK(joined == expected && parsed.error.empty());
}

}  // namespace
}  // namespace tailrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tailrace;
  std::string_view body = AsText(data, size);
  const uint8_t choice = TakeByte(body);
  const std::string_view type = kTypes[choice % 3];
  const Parsed whole = Parse(type, body, 0, true);
  for (const uint8_t pattern : {0, choice / 3}) {
    const Parsed cut = Parse(type, body, pattern, false);
    CHECK(cut.run.encoded == whole.run.encoded);
    CHECK(cut.error == whole.error);
  }
  CheckEntries(type, body, whole);
  if (const Result<CreateBody> create = ParseCreateBody(body); !create) {
    CHECK(!create.error().message.empty());
  }
  if (const Result<Outcome> outcome = ParseOutcomeBody(body); !outcome) {
    CHECK(!outcome.error().message.empty());
  }
  return 0;
}
