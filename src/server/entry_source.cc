#include "server/entry_source.h"

#include <algorithm>
#include <utility>

namespace tailrace {
namespace {

constexpr size_t kReadBytes = 256 << 10;

}  // namespace

std::string LostText(Position begin, Position end, GapCause cause) {
  return "[entries " + std::to_string(begin) + " to " + std::to_string(end - 1) +
         " are lost: " + std::string(GapCauseName(cause)) + "]";
}

Result<std::string> EntrySource::Next() {
  std::string out;
  if (!std::exchange(begun_, true)) Begin(out);
  while (next_ < end_ && out.size() < kReadBytes / 2) {
    if (Result<void> read = ReadSome(out); !read) return Fail(read.error());
  }
  if (next_ >= end_ && !std::exchange(ended_, true)) {
    if (Result<void> flushed = FlushGap(out, std::nullopt); !flushed) return Fail(flushed.error());
    End(out);
  }
  return out;
}

Result<void> EntrySource::ReadSome(std::string& out) {
  const size_t out_before = out.size();
  const bool at_gap = gap_.has_value();
  if (!at_gap) {
    if (const std::optional<Position> behind = TakeKept(out, next_)) {
      if (text_offset_) *text_offset_ += out.size() - out_before;
      next_ = *behind;
      return {};
    }
  }
  const Position begin = next_;
  const Result<ReadAnswer> answer = store_.Read(info_.key, next_, kReadBytes);
  if (!answer) return Fail(answer.error());
  if (answer->info.number != info_.number || answer->items.empty()) {
    return Fail(ErrorCode::kNotFound, info_.key.Path() + " was deleted while it was read");
  }
  for (const ReadItem& item : answer->items) {
    if (next_ >= end_) break;
    if (Result<void> added = AddItem(out, item); !added) return added;
  }
  const bool no_gap = std::ranges::all_of(
      answer->items, [](const ReadItem& item) { return item.chunk != nullptr; });
  if (no_gap && !at_gap && answer->items.front().begin == begin &&
      answer->items.back().end == next_) {
    KeepBlocks(begin, next_, std::string_view(out).substr(out_before));
  }
  return {};
}

Result<void> EntrySource::AddItem(std::string& out, const ReadItem& item) {
  const Position begin = std::max(item.begin, next_);
  const Position end = std::min(item.end, end_);
  next_ = end;
  if (item.chunk == nullptr) {
    gap_ = ReadItem{.begin = gap_ ? gap_->begin : begin, .end = end, .cause = item.cause};
    return {};
  }
  if (Result<void> flushed = FlushGap(out, item.chunk->text_offset); !flushed) return flushed;
  text_offset_ = item.chunk->text_offset;
  out.reserve(out.size() + item.chunk->encoded.size());  // as text it is never larger
  EntryReader reader(item.chunk->encoded);
  Entry entry;
  for (Position n = item.begin; n < end && reader.Next(entry); ++n) {
    *text_offset_ += entry.text.size() + 1;
    if (n >= begin) Add(out, n, entry);
  }
  return {};
}

Result<void> EntrySource::FlushGap(std::string& out, std::optional<uint64_t> text_offset_behind) {
  if (!gap_) return {};
  std::optional<uint64_t> size;
  if (text_offset_behind && text_offset_) size = *text_offset_behind - *text_offset_;
  return AddGap(out, *std::exchange(gap_, std::nullopt), size);
}

}  // namespace tailrace
