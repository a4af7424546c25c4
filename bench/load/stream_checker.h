// StreamChecker: what one viewer got, looked at byte by byte: is every entry there, once, in order,
// and does every id say the position behind it?
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/mark.h"

namespace tailrace::bench {

/// What the bytes of a stream are.
enum class Form : uint8_t {
  kTailrace,  ///< Event stream; the id of an event is INCARNATION.POSITION behind its entries.
  kEvents,    ///< Event stream whose ids mean something else.
  kText,      ///< Lines.
};

/// Small: a process has one for each of its viewers. Any cut of the bytes gives the same.
class StreamChecker {
 public:
  /// `from`: the position that the stream begins at; kAnywhere: its first id says.
  explicit StreamChecker(Form form, uint64_t from) : form_(form), position_(from) {}
  static constexpr uint64_t kAnywhere = ~uint64_t{0};

  /// False: something is wrong, Problem() says what; every later call returns false too.
  bool Take(std::string_view bytes);
  const std::string& Problem() const { return problem_; }

  uint64_t entries() const { return marks_.entries(); }
  /// The number that the next mark of this producer must have.
  uint32_t NextOf(size_t producer) const { return marks_.NextOf(producer); }
  /// The event that says that nothing more will come was seen.
  bool ended() const { return ended_; }

 private:
  enum class Line : uint8_t { kUnknown, kData, kOther };
  static constexpr size_t kNameBytes = 6;    // "data: "
  static constexpr size_t kLineBytes = 160;  // of lines that are not data

  bool TakeWhole(std::string_view line);
  bool TakePart(std::string_view part, bool line_ends);
  bool TakeMarks(std::string_view bytes);
  bool TakeOther(std::string_view line);
  bool TakeId(std::string_view id);
  bool EndEvent();
  bool Fail(std::string problem);

  MarkScanner marks_;
  Form form_;
  Line line_ = Line::kUnknown;
  bool has_id_ = false;
  bool ended_ = false;
  uint64_t position_;         // behind the last event
  uint64_t id_position_ = 0;  // of the event that is being read
  uint64_t counted_ = 0;      // entries up to the last event's end
  std::string incarnation_;
  std::string carry_;  // the beginning of a line that was cut; of data, its name only
  std::string problem_;
};

}  // namespace tailrace::bench
