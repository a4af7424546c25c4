// Chunk: a run of consecutive entries that was committed together; immutable and shared.
#pragma once

#include <memory>
#include <string>

#include "log/entry.h"

namespace tailrace {

/// The same bytes as the stored block with the same positions. Never changed after it was made, so
/// any thread may read it; hand it on as ChunkPtr.
struct Chunk {
  Position begin = 0;
  Position end = 0;          ///< Behind the last entry; end > begin.
  std::string encoded;       ///< end - begin encoded entries.
  uint64_t text_offset = 0;  ///< Size of a raw download of all entries before `begin`.
};

using ChunkPtr = std::shared_ptr<const Chunk>;

}  // namespace tailrace
