// SseRenderer: entries as Server-Sent Events in the three formats of api.md "The stream".
#pragma once

#include "feed/segment.h"
#include "log/log_info.h"

namespace tailrace {

class SseRenderer final : public SegmentRenderer {
 public:
  void Render(Format format, std::string_view incarnation, Position begin, Position end,
              std::span<const ChunkPtr> chunks, std::string& out) const override;
  void AppendStart(Coding coding, std::string& out) const override;
  void AppendPart(Coding coding, std::string_view plain, std::string& out) const override;
  void AppendEnd(Coding coding, const PlainSum& all, std::string& out) const override;
  PlainSum Sum(std::string_view plain) const override;
  PlainSum Join(const PlainSum& first, const PlainSum& second) const override;
};

/// `id: INCARNATION.POSITION`, the cursor behind what was told.
void AppendCursorId(std::string& out, std::string_view incarnation, Position position);
/// `id: INCARNATION.POSITION.end`.
void AppendEndId(std::string& out, const LogInfo& info);

}  // namespace tailrace
