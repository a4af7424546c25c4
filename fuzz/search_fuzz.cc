// A search: what is looked for (its first line, with a byte for the options) in a block of the
// entries behind it. Every entry that is found is one that a loop over the entries finds, columns
// go upwards and lie inside the text, and a bad pattern is refused with a reason.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "search/block_scan.h"

namespace tailrace {
namespace {

bool IsFound(const Pattern& pattern, std::string_view text) {
  SearchedText searched;
  searched.Set(text, true);
  return pattern.Empty() || pattern.Matches(searched.Text());
}

void CheckColumns(const EntryMatches& found, std::string_view text) {
  CHECK(found.columns.size() <= kMaxMatchesOfEntry);
  uint64_t behind = 0;
  for (const Columns& columns : found.columns) {
    CHECK(columns.begin >= behind && columns.end >= columns.begin);
    CHECK(columns.end <= text.size());  // no character has more units than bytes
    behind = columns.end;
  }
}

void CheckScan(const Pattern& pattern, const std::vector<std::string_view>& texts) {
  Chunk chunk{.begin = 0, .end = texts.size()};
  for (const std::string_view text : texts) {
    EncodeEntry(chunk.encoded, {.time = 0x1b1b1b, .text = text, .source = texts.front()});
  }
  const EntryFilter all;
  BlockScan scan(pattern, all);
  scan.Open(chunk, 0, chunk.end);
  std::vector<bool> found(texts.size());
  for (;;) {
    const BlockScan::Step step = scan.Advance();
    CHECK(step != BlockScan::Step::kCorrupt);
    if (step == BlockScan::Step::kEnd) break;
    if (step == BlockScan::Step::kPause) continue;
    found[scan.Matched()] = true;
    CheckColumns(scan.FindAll(), texts[scan.Matched()]);
  }
  for (size_t n = 0; n < texts.size(); ++n) CHECK(found[n] == IsFound(pattern, texts[n]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::string_view> lines;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (lines.size() < 2) return 0;
  const auto pattern =
      Pattern::Compile(lines[0], {.regex = (data[0] & 1) != 0, .match_case = (data[0] & 2) != 0});
  if (!pattern) {
    CHECK(pattern.error().field == "q" && pattern.error().message.size() > 3);
    return 0;
  }
  CheckScan(**pattern, {lines.begin() + 1, lines.end()});
  return 0;
}

}  // namespace tailrace
