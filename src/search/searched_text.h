// SearchedText: what of an entry's text is searched, and where that stands in the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

/// Bytes of the escape sequence at the front of `text`, which begins with ESC: a control sequence
/// or control string that is whole, or another escape sequence (ECMA-48 §5.3, §5.4, §5.6). 0: none
/// begins here. As the page reads them (web/src/lines/ansi.ts).
size_t EscapeLength(std::string_view text);

/// Where a match stands, in UTF-16 code units of the text as a page has it (JSON; every ill-formed
/// part of UTF-8 is one U+FFFD there, escape sequences are in it): what JavaScript's slice() wants.
struct Columns {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool operator==(const Columns&) const = default;
};

/// The text without its escape sequences, which nobody sees. Used again for text after text.
class SearchedText {
 public:
  /// `text` stays alive. `repair`: ill-formed UTF-8 is searched as U+FFFD; else it stays as it is,
  /// which finds the same for what has no U+FFFD in it.
  void Set(std::string_view text, bool repair);

  std::string_view Text() const { return text_; }

  /// Of the bytes [begin, end) of Text(). Linear for all calls after one Set together, if none
  /// begins before the end of the one before.
  Columns ColumnsOf(size_t begin, size_t end);

 private:
  // Bytes of `text_` from `searched` on that stand in `original_`, up to the next run.
  struct Run {
    size_t searched = 0;
    size_t original = 0;
    size_t original_size = 0;
  };

  void Append(size_t begin, size_t end, bool repair);
  void AddRun(size_t begin, size_t end, std::string_view bytes);
  const Run& RunAt(size_t searched) const;
  size_t OriginalBegin(size_t searched) const;
  size_t OriginalEnd(size_t searched) const;
  uint64_t UnitsBefore(size_t original);

  std::string_view original_;
  std::string_view text_;
  std::string buffer_;     // what text_ shows, if it is not original_ itself
  std::vector<Run> runs_;  // empty: text_ is original_
  size_t counted_ = 0;     // bytes of original_ ...
  uint64_t units_ = 0;     // ... and their UTF-16 code units
};

}  // namespace tailrace
