// Runs of entries put together into blocks: what the commit thread does with each append.
#pragma once

#include <cstdint>
#include <vector>

#include "log/chunk.h"
#include "log/entry.h"

namespace tailrace {

/// Takes the first `count` entries off a run. Walks over them; `count` <= run.count.
void DropEntries(EntryRun& run, uint64_t count);

/// Puts `run` behind the blocks in `blocks`, the next entry having `position` and `text_offset`.
/// Joins the last block if both fit into `block_bytes`; a run that fits is not looked into; a
/// larger one is split between entries. A block with one entry may be larger than `block_bytes`.
void AppendRun(std::vector<Chunk>& blocks, EntryRun run, Position position, uint64_t text_offset,
               uint64_t block_bytes);

}  // namespace tailrace
