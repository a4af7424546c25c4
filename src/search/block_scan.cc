#include "search/block_scan.h"

#include <algorithm>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr size_t kPauseBytes = 16 << 10;
// Of one entry, for regular expressions: each further match may look at all that is left of it.
constexpr size_t kMaxRescannedBytes = 16 << 20;
constexpr size_t kNowhere = std::string_view::npos;

bool HasOneOf(const std::vector<std::string>& values, std::string_view value) {
  return values.empty() || std::ranges::find(values, value) != values.end();
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool HasOneOfIgnoringCase(const std::vector<std::string>& values, std::string_view value) {
  return values.empty() || std::ranges::any_of(values, [value](const std::string& wanted) {
           return std::ranges::equal(wanted, value, {}, Lower, Lower);
         });
}

size_t CharacterLength(std::string_view text) {
  return std::max<size_t>(1, ValidUtf8Length(text));
}

}  // namespace

bool EntryFilter::Fits(const Entry& entry) const {
  return HasOneOf(streams, entry.stream) && HasOneOf(sources, entry.source) &&
         HasOneOfIgnoringCase(levels, entry.level);
}

void BlockScan::Open(const Chunk& chunk, Position from, Position end) {
  block_ = chunk.encoded;
  reader_ = EntryReader(block_);
  next_ = chunk.begin;
  from_ = from;
  end_ = end;
  paused_at_ = 0;
  hit_ = pattern_.IsText() && !pattern_.Empty() ? pattern_.FindInBytes(block_, 0) : 0;
  escape_ = block_.find('\x1b');
}

BlockScan::Step BlockScan::Advance() {
  // Nothing that is left can match.
  if (hit_ == kNowhere && escape_ == kNowhere) next_ = std::max(next_, end_);
  while (next_ < end_) {
    const size_t begin = block_.size() - reader_.Rest().size();
    if (begin - paused_at_ >= kPauseBytes) {
      paused_at_ = begin;
      return Step::kPause;
    }
    if (!reader_.Next(entry_)) return Step::kCorrupt;
    const size_t end = block_.size() - reader_.Rest().size();
    if (next_++ < from_) continue;
    if (MayMatch(begin, end) && filter_.Fits(entry_) && Matches(entry_, end)) {
      return Step::kMatch;
    }
  }
  return Step::kEnd;
}

// Whether the bytes [begin, end) of the block, an encoded entry, have the pattern in them, or ESC.
bool BlockScan::MayMatch(size_t begin, size_t end) {
  if (!pattern_.IsText() || pattern_.Empty()) return true;
  if (escape_ < begin) escape_ = block_.find('\x1b', begin);
  if (hit_ < begin) hit_ = pattern_.FindInBytes(block_, begin);
  return hit_ < end || escape_ < end;
}

bool BlockScan::Matches(const Entry& entry, size_t end) {
  is_set_ = false;
  if (pattern_.Empty()) return true;
  // What is searched of an entry without ESC is its text itself.
  const bool is_plain = pattern_.IsText() && escape_ >= end;
  if (is_plain) return pattern_.Matches(entry.text);
  searched_.Set(entry.text, pattern_.NeedsRepair());
  is_set_ = true;
  return pattern_.Matches(searched_.Text());
}

EntryMatches BlockScan::FindAll() {
  EntryMatches found;
  if (pattern_.Empty()) return found;
  if (!is_set_) searched_.Set(entry_.text, pattern_.NeedsRepair());
  const std::string_view text = searched_.Text();
  size_t from = 0;
  size_t rescanned = 0;
  while (from <= text.size()) {
    if (!pattern_.IsText()) rescanned += text.size() - from + 1;
    const auto span = pattern_.Find(text, from);
    if (!span) break;
    if (found.columns.size() >= kMaxMatchesOfEntry || rescanned > kMaxRescannedBytes) {
      found.more = true;
      break;
    }
    from = span->end;
    if (span->end > span->begin) {
      found.columns.push_back(searched_.ColumnsOf(span->begin, span->end));
    } else {
      from += from < text.size() ? CharacterLength(text.substr(from)) : 1;
    }
  }
  return found;
}

}  // namespace tailrace
