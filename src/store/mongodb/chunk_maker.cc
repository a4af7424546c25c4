#include <algorithm>
#include <utility>

#include "store/mongodb/reader.h"

namespace tailrace::mongo {

void ChunkMaker::Add(const StoredEntry& stored) {
  const EntryFacts& facts = stored.facts;
  if (facts.position < next_) return;
  if (facts.position > next_) AddGap(facts.position);
  const size_t before = chunk_.encoded.size();
  if (before == 0) {
    chunk_.begin = facts.position;
    chunk_.text_offset = facts.text_offset;
  }
  EncodeEntry(chunk_.encoded, stored.entry);
  const uint64_t bytes = chunk_.encoded.size() - before;
  if (before == 0) cell_ = (facts.encoded_end - std::min(facts.encoded_end, bytes)) / cell_bytes_;
  chunk_.end = facts.position + 1;
  text_end_ = facts.text_offset + stored.entry.text.size() + 1;
  bytes_ += bytes;
  next_ = chunk_.end;
  // The next one begins where this one ends.
  if (facts.encoded_end / cell_bytes_ != cell_) Close();
}

void ChunkMaker::Finish(Position end) {
  Close();
  if (next_ < end) AddGap(end);
}

void ChunkMaker::Close() {
  if (chunk_.encoded.empty()) return;
  ReadItem& item = items_.emplace_back();
  item.begin = chunk_.begin;
  item.end = chunk_.end;
  item.chunk = std::make_shared<const Chunk>(std::move(chunk_));
  item.text_end = text_end_;
  chunk_ = Chunk();
}

void ChunkMaker::AddGap(Position end) {
  Close();
  items_.push_back({next_, end, nullptr, GapCause::kDamaged});
  next_ = end;
  ++gaps_;
}

std::vector<ReadItem> ChunkMaker::TakeItems() {
  return std::exchange(items_, {});
}

}  // namespace tailrace::mongo
