#include "search/searched_text.h"

#include <algorithm>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool Between(char c, char first, char last) {
  return c >= first && c <= last;
}

size_t SkipWhile(std::string_view text, size_t at, char first, char last) {
  while (at < text.size() && Between(text[at], first, last)) ++at;
  return at;
}

// ESC [ parameters, intermediate bytes, a final one.
size_t ControlSequenceLength(std::string_view text) {
  size_t at = SkipWhile(text, 2, '0', '?');
  at = SkipWhile(text, at, ' ', '/');
  return at < text.size() && Between(text[at], '@', '~') ? at + 1 : 0;
}

// Up to BEL or ESC \.
size_t ControlStringLength(std::string_view text) {
  const size_t end = text.find_first_of("\x07\x1b", 2);
  if (end == std::string_view::npos) return 0;
  if (text[end] == '\x07') return end + 1;
  return end + 1 < text.size() && text[end + 1] == '\\' ? end + 2 : 0;
}

size_t ShortEscapeLength(std::string_view text) {
  const size_t at = SkipWhile(text, 1, ' ', '/');
  if (at >= text.size()) return 0;
  const char last = text[at];
  const bool is_final = Between(last, '0', 'Z') || last == '\\' || Between(last, '^', '~');
  return is_final ? at + 1 : 0;
}

}  // namespace

size_t EscapeLength(std::string_view text) {
  if (text.size() < 2) return 0;
  size_t length = 0;
  if (text[1] == '[') {
    length = ControlSequenceLength(text);
  } else if (std::string_view("]PX^_").contains(text[1])) {
    length = ControlStringLength(text);
  }
  return length > 0 ? length : ShortEscapeLength(text);
}

void SearchedText::Set(std::string_view text, bool repair) {
  original_ = text;
  text_ = text;
  counted_ = 0;
  units_ = 0;
  runs_.clear();
  const bool has_escape = text.contains(kEscape);
  if (!has_escape && (!repair || IsValidUtf8(text))) return;
  buffer_.clear();
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = text[at] == kEscape ? EscapeLength(text.substr(at)) : 0;
    if (length > 0) {
      at += length;
      continue;
    }
    const size_t end = std::min(text.find(kEscape, at + 1), text.size());
    Append(at, end, repair);
    at = end;
  }
  if (runs_.empty()) runs_.push_back({.searched = 0, .original = at, .original_size = 0});
  text_ = buffer_;
}

// [begin, end) of the text has no escape sequence in it.
void SearchedText::Append(size_t begin, size_t end, bool repair) {
  if (!repair || IsValidUtf8(original_.substr(begin, end - begin))) {
    return AddRun(begin, end, original_.substr(begin, end - begin));
  }
  size_t start = begin;
  while (begin < end) {
    const std::string_view rest = original_.substr(begin, end - begin);
    if (const size_t valid = ValidUtf8Length(rest); valid > 0) {
      begin += valid;
      continue;
    }
    if (start < begin) AddRun(start, begin, original_.substr(start, begin - start));
    start = begin + IllFormedUtf8Length(rest);
    AddRun(begin, start, kReplacement);
    begin = start;
  }
  if (start < end) AddRun(start, end, original_.substr(start, end - start));
}

void SearchedText::AddRun(size_t begin, size_t end, std::string_view bytes) {
  runs_.push_back({.searched = buffer_.size(), .original = begin, .original_size = end - begin});
  buffer_.append(bytes);
}

const SearchedText::Run& SearchedText::RunAt(size_t searched) const {
  const auto behind = std::ranges::upper_bound(runs_, searched, {}, &Run::searched);
  return *std::prev(behind);
}

// The first byte of what is found: behind the escape sequences that stand before it.
size_t SearchedText::OriginalBegin(size_t searched) const {
  if (runs_.empty()) return searched;
  const Run& run = RunAt(searched);
  return run.original + std::min(searched - run.searched, run.original_size);
}

// Behind the last byte of what is found: before the escape sequences that follow.
size_t SearchedText::OriginalEnd(size_t searched) const {
  if (runs_.empty() || searched == 0) return OriginalBegin(searched);
  const Run& run = RunAt(searched - 1);
  const Run* next = &run + 1 < runs_.data() + runs_.size() ? &run + 1 : nullptr;
  const bool is_all = searched == (next != nullptr ? next->searched : text_.size());
  const size_t size =
      is_all ? run.original_size : std::min(searched - run.searched, run.original_size);
  return run.original + size;
}

uint64_t SearchedText::UnitsBefore(size_t original) {
  if (original < counted_) {
    counted_ = 0;
    units_ = 0;
  }
  while (counted_ < original) {
    const auto byte = static_cast<unsigned char>(original_[counted_]);
    if (byte < 0x80) {
      ++counted_;
      ++units_;
      continue;
    }
    const std::string_view rest = original_.substr(counted_);
    const size_t valid = ValidUtf8Length(rest);
    counted_ += valid > 0 ? valid : IllFormedUtf8Length(rest);
    units_ += valid == 4 ? 2 : 1;  // a pair of surrogates
  }
  return units_;
}

Columns SearchedText::ColumnsOf(size_t begin, size_t end) {
  const uint64_t first = UnitsBefore(OriginalBegin(begin));
  return {.begin = first, .end = std::max(first, UnitsBefore(OriginalEnd(end)))};
}

}  // namespace tailrace
