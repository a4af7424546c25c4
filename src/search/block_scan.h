// BlockScan: which entries of a block match, found in pieces of bounded work.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "log/chunk.h"
#include "search/pattern.h"
#include "search/searched_text.h"

namespace tailrace {

/// Which entries are looked at: of each list that is not empty one value must be the entry's. An
/// empty value is an entry that has none.
struct EntryFilter {
  std::vector<std::string> streams;
  std::vector<std::string> sources;
  std::vector<std::string> levels;  ///< ASCII case does not count.

  bool Empty() const { return streams.empty() && sources.empty() && levels.empty(); }
  bool Fits(const Entry& entry) const;
};

/// Of one entry so many matches are told; whether there are more is said.
inline constexpr size_t kMaxMatchesOfEntry = 100;

/// What was found in one entry. Empty matches are none of `columns`.
struct EntryMatches {
  std::vector<Columns> columns;
  bool more = false;
};

/// Walks blocks, one after the other. Finds what a loop over all entries finds that asks
/// SearchedText and Pattern about each; a pattern that is a text is looked for in the whole block
/// first, so that entries without it cost their decoding only.
class BlockScan {
 public:
  enum class Step : uint8_t { kMatch, kPause, kEnd, kCorrupt };

  /// Both outlive the scan.
  BlockScan(const Pattern& pattern, const EntryFilter& filter)
      : pattern_(pattern), filter_(filter) {}

  /// Entries [from, end) of a block that is alive until the scan's kEnd. Both lie inside it.
  void Open(const Chunk& chunk, Position from, Position end);
  /// kMatch: Matched() does. kPause: so much was looked at that a look at the clock is due. kEnd:
  /// nothing is left. kCorrupt: the block can't be read on from Next().
  Step Advance();
  /// The entry that comes next.
  Position Next() const { return next_; }
  /// The entry of the last kMatch.
  Position Matched() const { return next_ - 1; }
  /// Where in it; a second look, for those that are told. After kMatch.
  EntryMatches FindAll();

 private:
  bool MayMatch(size_t begin, size_t end);
  bool Matches(const Entry& entry, size_t end);

  const Pattern& pattern_;
  const EntryFilter& filter_;
  std::string_view block_;
  EntryReader reader_{{}};
  Position next_ = 0;
  Position from_ = 0;
  Position end_ = 0;
  size_t paused_at_ = 0;  // offset in block_ of the last kPause
  size_t hit_ = 0;        // IsText(): the first match in block_ at or behind what was asked
  size_t escape_ = 0;     // the same of an ESC, which may also be part of another field
  bool is_set_ = false;   // searched_ holds the matched entry
  Entry entry_;
  SearchedText searched_;
};

}  // namespace tailrace
