// Segment: a run of entries as the bytes that viewers get; rendered once, shared by all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/plain_sum.h"
#include "log/chunk.h"

namespace tailrace {

/// How a stream shows entries (api.md "The stream").
enum class Format : uint8_t { kText, kJson, kBatch };
inline constexpr size_t kFormats = 3;

/// How a stream's bytes are compressed.
enum class Coding : uint8_t { kIdentity, kGzip, kZstd };
inline constexpr size_t kCodings = 3;

constexpr size_t IndexOf(Coding coding) {
  return static_cast<size_t>(coding);
}

/// Everything that makes two viewers' bytes of the same entries differ.
struct Style {
  Format format = Format::kText;
  Coding coding = Coding::kIdentity;

  // A format alone is the style of most viewers. NOLINTNEXTLINE(google-explicit-constructor)
  Style(Format of_entries, Coding of_bytes = Coding::kIdentity)
      : format(of_entries), coding(of_bytes) {}
  auto operator<=>(const Style&) const = default;
};

/// Bytes of entries [begin, end), which depend on nothing else: rendering the same range again
/// gives the same bytes, so a viewer that was sent half of them can go on after they were
/// forgotten.
struct Segment {
  Position begin = 0;
  Position end = 0;
  std::string bytes;         ///< One HTTP/1.1 chunk (RFC 9112 §7.1): size line, payload, CR LF.
  PlainSum sum;              ///< Of what was compressed; Coding::kGzip only.
  uint64_t plain_bytes = 0;  ///< Size of the payload before it was compressed.
  uint64_t cpu_ns = 0;       ///< What compressing took of the thread; not of Coding::kIdentity.

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

  // Codings: a stream is a start, parts in any order, and an end. A renderer that knows none of
  // them is asked for kIdentity only.

  virtual void AppendStart(Coding /*coding*/, std::string& /*out*/) const {}
  /// Appends `plain` as a part that refers to nothing before it; equal text gives equal bytes.
  virtual void AppendPart(Coding coding, std::string_view plain, std::string& out) const;
  /// `all`: the sum of all parts.
  virtual void AppendEnd(Coding /*coding*/, const PlainSum& /*all*/, std::string& /*out*/) const {}
  virtual PlainSum Sum(std::string_view /*plain*/) const { return {}; }
  virtual PlainSum Join(const PlainSum& first, const PlainSum& /*second*/) const { return first; }
};

SegmentPtr MakeSegment(const SegmentRenderer& renderer, Style style, std::string_view incarnation,
                       Position begin, Position end, std::span<const ChunkPtr> chunks);

/// `payload`, which is not empty, as one HTTP/1.1 chunk, appended.
void AppendHttpChunk(std::string& out, std::string_view payload);

}  // namespace tailrace
