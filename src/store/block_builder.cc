#include "store/block_builder.h"

#include "base/check.h"

namespace tailrace {
namespace {

void SplitRun(std::vector<Chunk>& blocks, const EntryRun& run, Position position,
              uint64_t text_offset, uint64_t block_bytes) {
  EntryReader reader(run.encoded);
  Chunk block{.begin = position, .end = position, .text_offset = text_offset};
  std::string_view rest = reader.Rest();
  Entry entry;
  while (reader.Next(entry)) {
    const std::string_view encoded = rest.substr(0, rest.size() - reader.Rest().size());
    rest = reader.Rest();
    if (block.end > block.begin && block.encoded.size() + encoded.size() > block_bytes) {
      blocks.push_back(std::move(block));
      block = Chunk{.begin = position, .end = position, .text_offset = text_offset};
    }
    block.encoded.append(encoded);
    text_offset += entry.text.size() + 1;
    block.end = ++position;
  }
  CHECK(!reader.Corrupt());
  blocks.push_back(std::move(block));
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
