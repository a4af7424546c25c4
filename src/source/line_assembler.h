// LineAssembler: turns the bytes of one output stream into lines, as they come.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace tailrace {

/// Now, on both clocks: what is stored, and what is waited by. Injected by the caller.
struct Moment {
  TimeNs wall = 0;
  int64_t steady_ms = 0;
};

struct LineLimits {
  /// A longer line goes out in pieces of at most so much; below the server's limit for an entry,
  /// so that the server never has to split what a producer has numbered.
  size_t piece_bytes = 256 << 10;
  int64_t partial_after_ms = 200;  ///< An unfinished line goes out after so long.
};

/// A line without its end ("\n" or "\r\n"; a lone "\r" belongs to the text), or a piece of one.
struct Line {
  TimeNs time = 0;        ///< When its first byte came.
  std::string_view text;  ///< Valid until the sink returns.
  bool partial = false;   ///< The next line of this assembler continues it.
};

/// One thread. Pieces are not cut inside a UTF-8 sequence or between "\r" and "\n", as far as the
/// text is well-formed.
class LineAssembler {
 public:
  using Sink = std::function<void(const Line&)>;

  explicit LineAssembler(LineLimits limits, Sink sink) : limits_(limits), sink_(std::move(sink)) {}

  void Feed(std::string_view bytes, Moment now);

  /// When (steady) Tick has something to do; nothing while no unfinished line waits.
  std::optional<int64_t> DeadlineMs() const { return deadline_ms_; }

  /// Sends the unfinished line as partial if its time has come.
  void Tick(Moment now);

  /// The stream has ended: what is unfinished is the last line. A partial line is always followed
  /// by its rest, be it empty.
  void Finish(Moment now);

 private:
  void Keep(std::string_view bytes, Moment now);
  void EmitWhole(std::string_view text, TimeNs time);
  void EmitPiece(std::string_view text, TimeNs time);

  const LineLimits limits_;
  const Sink sink_;
  std::string unfinished_;
  TimeNs started_ = 0;  ///< Of the first byte in `unfinished_`.
  std::optional<int64_t> deadline_ms_;
  bool continues_ = false;  ///< The last line sent was partial.
};

}  // namespace tailrace
