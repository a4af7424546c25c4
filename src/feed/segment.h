// Segment: a run of entries as the bytes that viewers get; rendered once, shared by all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "log/chunk.h"

namespace tailrace {

/// How a stream shows entries (api.md "The stream").
enum class Format : uint8_t { kText, kJson, kBatch };
inline constexpr size_t kFormats = 3;

/// Bytes of entries [begin, end), which depend on nothing else: rendering the same range again
/// gives the same bytes, so a viewer that was sent half of them can go on after they were
/// forgotten.
struct Segment {
  Position begin = 0;
  Position end = 0;
  std::string bytes;  ///< One HTTP/1.1 chunk (RFC 9112 §7.1): size line, payload, CR LF.

  /// The bytes for a transport with chunked coding, or the payload for any other.
  std::string_view Framed(bool chunked) const;
};

using SegmentPtr = std::shared_ptr<const Segment>;

/// Writes the payload: Server-Sent Events in the server, something readable in tests. Any thread.
class SegmentRenderer {
 public:
  virtual ~SegmentRenderer() = default;
  /// Appends entries [begin, end) of the incarnation, at least one byte. `chunks` are contiguous
  /// and cover them.
  virtual void Render(Format format, std::string_view incarnation, Position begin, Position end,
                      std::span<const ChunkPtr> chunks, std::string& out) const = 0;
};

SegmentPtr MakeSegment(const SegmentRenderer& renderer, Format format, std::string_view incarnation,
                       Position begin, Position end, std::span<const ChunkPtr> chunks);

/// `payload`, which is not empty, as one HTTP/1.1 chunk, appended.
void AppendHttpChunk(std::string& out, std::string_view payload);

}  // namespace tailrace
