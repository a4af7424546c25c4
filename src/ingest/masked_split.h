// MaskedSplit: text_split.h's splitting, with secrets masked on the way.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/redactor.h"
#include "log/entry.h"

namespace tailrace {

/// So many bytes behind a cut are looked at: a secret that lies across the cut is masked on both
/// sides if it ends within them. Of a longer one the rest stays.
inline constexpr size_t kSecretLookahead = 4096;

/// Cuts where AddSplit would without redaction, so the number of entries, and with it a producer's
/// count, is the same whatever the patterns are. Without a Redactor it is AddSplit and nothing
/// else. Memory: one entry. One thread.
class MaskedSplit {
 public:
  /// `redactor` may be null, and outlives it. `limit` >= kMinEntryBytes.
  MaskedSplit(const Redactor* redactor, size_t limit) : redactor_(redactor), limit_(limit) {}

  /// As AddSplit: entry.text is all that is left of a text.
  void AddWhole(EntryRun& out, Entry entry);

  /// Takes off the front of `pending`, a text whose end has not come, what is beyond doubt.
  /// AddWhole gets the rest; the entries do not depend on when this was called.
  void AddFront(EntryRun& out, Entry entry, std::string& pending);

 private:
  /// Adds the first `size` bytes of `window`, masked.
  void AddPiece(EntryRun& out, const Entry& entry, std::string_view window, size_t size);
  void FindIn(std::string_view window);
  /// The first `size` bytes of the window have been added.
  void Carry(size_t size);

  const Redactor* redactor_;
  size_t limit_;
  // Of the text under way, relative to its first byte that was not added.
  std::vector<Secret> carried_;  // secrets known from before the cut
  size_t search_from_ = 0;       // where the words end by which those were recognised
  // Kept for their memory.
  std::vector<Secret> found_;
  std::vector<Secret> secrets_;
  std::string masked_;
};

}  // namespace tailrace
