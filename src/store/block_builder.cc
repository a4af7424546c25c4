#include "store/block_builder.h"

#include "base/check.h"

namespace tailrace {
namespace {

void SplitRun(std::vector<Chunk>& blocks, const EntryRun& run, Position position,
              uint64_t text_offset, uint64_t block_bytes) {
  EntryReader reader(run.encoded);
  std::string_view block = run.encoded;  // from the first entry of the next block on
  size_t bytes = 0;                      // of the entries so far that go into it
  Chunk next{.begin = position, .end = position, .text_offset = text_offset};
  const auto close = [&] {
    next.encoded = block.substr(0, bytes);  // one copy, of the right size
    block.remove_prefix(bytes);
    blocks.push_back(std::move(next));
    next = Chunk{.begin = position, .end = position, .text_offset = text_offset};
    bytes = 0;
  };
  Entry entry;
  while (reader.Next(entry)) {
    const size_t behind = block.size() - reader.Rest().size();
    if (next.end > next.begin && behind > block_bytes) close();
    bytes = block.size() - reader.Rest().size();
    text_offset += entry.text.size() + 1;
    next.end = ++position;
  }
  CHECK(!reader.Corrupt());
  close();
}

}  // namespace

void DropEntries(EntryRun& run, uint64_t count) {
  EntryReader reader(run.encoded);
  Entry entry;
  for (uint64_t i = 0; i < count; ++i) {
    CHECK(reader.Next(entry));
    run.text_bytes -= entry.text.size() + 1;
  }
  run.count -= count;
  run.encoded.erase(0, run.encoded.size() - reader.Rest().size());
}

void AppendRun(std::vector<Chunk>& blocks, EntryRun run, Position position, uint64_t text_offset,
               uint64_t block_bytes) {
  if (run.Empty()) return;
  if (!blocks.empty() && blocks.back().encoded.size() + run.encoded.size() <= block_bytes) {
    blocks.back().encoded.append(run.encoded);
    blocks.back().end += run.count;
  } else if (run.encoded.size() <= block_bytes || run.count == 1) {
    blocks.push_back(Chunk{.begin = position,
                           .end = position + run.count,
                           .encoded = std::move(run.encoded),
                           .text_offset = text_offset});
  } else {
    SplitRun(blocks, run, position, text_offset, block_bytes);
  }
}

}  // namespace tailrace
