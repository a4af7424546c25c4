#include "ingest/text_split.h"

#include "base/text.h"

namespace tailrace {

size_t CutLength(std::string_view text, size_t limit) {
  for (size_t back = 1; back <= kCutLookahead; ++back) {
    const size_t length = ValidUtf8Length(text.substr(limit - back));
    if (length > back) return limit - back;
    if (length > 0) break;
  }
  return limit;
}

void AddSplit(EntryRun& out, Entry entry, size_t limit) {
  const bool partial = entry.partial;
  std::string_view rest = entry.text;
  while (rest.size() > limit) {
    entry.text = rest.substr(0, CutLength(rest, limit));
    entry.partial = true;
    out.Add(entry);
    rest.remove_prefix(entry.text.size());
    entry.lost.reset();
    entry.fields = {};
  }
  entry.text = rest;
  entry.partial = partial;
  out.Add(entry);
}

}  // namespace tailrace
