// Splitting of texts that are longer than an entry may be.
#pragma once

#include <string_view>

#include "log/entry.h"

namespace tailrace {

/// A smaller limit on an entry's text is taken as this one: a UTF-8 sequence must fit.
inline constexpr size_t kMinEntryBytes = 4;
/// So many bytes behind the limit can decide where CutLength cuts.
inline constexpr size_t kCutLookahead = 3;

/// Where to cut a text of more than `limit` >= kMinEntryBytes bytes: `limit`, or up to 3 bytes
/// before it if a well-formed UTF-8 sequence lies across it.
size_t CutLength(std::string_view text, size_t limit);

/// Adds the entry; if its text is longer than `limit`, as partial entries of the same time, stream,
/// source and level, with `lost` and `fields` at the first one.
void AddSplit(EntryRun& out, Entry entry, size_t limit);

}  // namespace tailrace
