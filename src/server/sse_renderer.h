// SseRenderer: entries as Server-Sent Events in the three formats of api.md "The stream".
#pragma once

#include "feed/segment.h"
#include "log/log_info.h"

namespace tailrace {

class SseRenderer final : public SegmentRenderer {
 public:
  void Render(Format format, std::string_view incarnation, Position begin, Position end,
              std::span<const ChunkPtr> chunks, std::string& out) const override;
};

/// `id: INCARNATION.POSITION`, the cursor behind what was told.
void AppendCursorId(std::string& out, std::string_view incarnation, Position position);
/// `id: INCARNATION.POSITION.end`.
void AppendEndId(std::string& out, const LogInfo& info);

}  // namespace tailrace
