// LogStreamParser: the bytes of `pods/log?timestamps=true` as lines with their time stamps.
//
// The kubelet writes each entry of its log file (CRI log format) as "STAMP TEXT\n", STAMP being
// RFC 3339 with exactly nine digits, in the node's time zone. A line that the container runtime has
// cut into parts of 16 KiB has no newline between them; older kubelets put a stamp before each
// part. When it can't go on, the kubelet appends what it has to say as text without stamp and
// newline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace tailrace {

/// A line, or a piece of one that is long. `text` is valid during the call.
struct LogPiece {
  TimeNs time = 0;        ///< The line's stamp; of a line without one, that of the line before.
  std::string_view text;  ///< Without the newline; any bytes.
  bool begins = false;    ///< The line's first piece.
  bool ends = false;      ///< Its last one.
};

/// Pieces depend on how bytes were fed; what they make up together does not. Memory: 36 KiB at most
/// (kHeldBytes and a few), of a line whose end has not come. One thread.
class LogStreamParser {
 public:
  using Sink = std::function<void(const LogPiece&)>;

  /// Where a runtime cuts lines (containerd's max_container_log_line_size).
  static constexpr size_t kPartBytes = 16 << 10;
  /// So much of an unfinished line is held at least.
  static constexpr size_t kHeldBytes = 2 * kPartBytes;

  /// `container_id` tells what the kubelet says about this container from the container's own
  /// words; without its "containerd://". May be empty.
  LogStreamParser(std::string container_id, Sink sink);

  void Feed(std::string_view bytes);

  /// The container has ended and so has the stream: an unfinished line is its last one, but for
  /// what the kubelet appended. Nothing may be fed any more. Returns what the kubelet said, or "".
  std::string Finish();

  /// Nothing of a line is under way.
  bool AtLineStart() const { return !in_line_ && held_.empty(); }

 private:
  enum class PartStamps : uint8_t { kUnknown, kYes, kNo };

  /// Takes what can be told of `rest`, which begins where the last call stopped; returns how many
  /// bytes. `whole`: `rest` is all up to the line's end.
  size_t Take(std::string_view rest, bool whole);
  /// False: not enough of the line is there.
  bool TakeStamp(std::string_view& rest, bool whole);
  /// `rest` is at a part's end.
  void TakePartStamp(std::string_view& rest);
  void Emit(std::string_view text, bool ends);
  /// Without what the kubelet may have glued to it.
  std::string_view OwnWords(std::string_view text) const;

  const std::string container_id_;
  const Sink sink_;
  std::string held_;        ///< Of the line under way; not emitted.
  bool in_line_ = false;    ///< Its stamp was taken.
  bool stamped_ = false;    ///< It has one.
  bool emitted_ = false;    ///< Some of it was emitted.
  TimeNs time_ = 0;         ///< Its stamp.
  size_t part_offset_ = 0;  ///< Bytes of the part under way that were emitted.
  PartStamps part_stamps_ = PartStamps::kUnknown;
};

/// A stamp of the kubelet and a blank at the front of `text`.
struct KubeletStamp {
  TimeNs time = 0;
  size_t size = 0;  ///< With the blank.
};
inline constexpr size_t kMaxStampBytes = 36;
std::optional<KubeletStamp> ParseKubeletStamp(std::string_view text);

}  // namespace tailrace
