// LifeReader: one read of one life of a container: bytes of the API in, entries out, the life's
// ResumePoint kept.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/masked_split.h"
#include "source/kubernetes/line_sink.h"
#include "source/kubernetes/log_stream_parser.h"
#include "source/kubernetes/resume_point.h"

namespace tailrace {

struct LifeReadOptions {
  std::string_view source;             ///< Of the entries; outlives the reader.
  size_t entry_bytes = 1 << 20;        ///< Longer lines are split.
  const Redactor* redactor = nullptr;  ///< Null: nothing is masked. Outlives the reader.
  bool whole = false;  ///< The read begins with the file; otherwise at point.Since().
  TimeNs since = 0;    ///< Earlier lines are left out, and not counted.
  TimeNs last = 0;     ///< Later ones are left out; 0: none is.
  /// Given: lines between the point and the read's first are lost for good; called before the
  /// first.
  std::function<void()> on_gap;
  /// If the first line is not before it, the read is another life's: this one had ended.
  std::optional<TimeNs> until;
};

/// Memory: what LogStreamParser holds, and of a line of more than its size the entry under way.
class LifeReader {
 public:
  /// Why nothing more is taken.
  enum class Halt : uint8_t {
    kNone,
    kElsewhere,    ///< The read does not begin where it should (ResumeFilter).
    kEarlierLife,  ///< The lines up to `point` are those of a later life.
    kOtherLife,    ///< The first line is not before `until`.
  };

  /// `point` and `sink` outlive it.
  LifeReader(ResumePoint& point, LineSink& sink, const LifeReadOptions& options);

  void Feed(std::string_view bytes);
  /// The life has ended, and so has the read: adds the unfinished line. What the kubelet said at
  /// the end, or "".
  std::string Finish();

  Halt halt() const { return halt_; }
  bool any_line() const { return any_line_; }

 private:
  void OnPiece(const LogPiece& piece);
  bool BeginLine(const LogPiece& piece);
  void AddBehindSkipped(const EntryRun& of_line);
  void CloseUnfinished();
  void HandOn();

  ResumePoint& point_;
  LineSink& sink_;
  const LifeReadOptions options_;
  ResumeFilter filter_;
  LogStreamParser parser_;
  MaskedSplit split_;
  Halt halt_ = Halt::kNone;
  bool any_line_ = false;
  EntryRun run_;
  // Of the line under way.
  TimeNs time_ = 0;
  bool skip_line_ = false;
  uint64_t skip_entries_ = 0;  ///< Those that an earlier read has added.
  uint64_t entries_ = 0;       ///< All of them so far.
  size_t bytes_ = 0;
  std::string pending_;  ///< What is not an entry yet.
};

}  // namespace tailrace
