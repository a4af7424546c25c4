#include "source/line_assembler.h"

#include <algorithm>

#include "base/text.h"

namespace tailrace {
namespace {

// How many bytes at the end of `text` may be the first part of something longer: a "\r" that a
// "\n" may follow, or up to three bytes of a UTF-8 sequence.
size_t OpenEnd(std::string_view text) {
  if (text.ends_with('\r')) return 1;
  const size_t longest = std::min<size_t>(3, text.size());
  for (size_t back = 1; back <= longest; ++back) {
    const auto byte = static_cast<uint8_t>(text[text.size() - back]);
    if (byte < 0x80) return 0;
    if (byte < 0xC0) continue;  // a trailing byte: look further back for the first
    if (byte < 0xC2 || byte > 0xF4) return 0;
    const size_t needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    const std::string_view tail = text.substr(text.size() - back);
    return back < needed && IllFormedUtf8Length(tail) == back ? back : 0;
  }
  return 0;
}

// Where to cut `text`, which is longer than `limit`.
size_t CutAt(std::string_view text, size_t limit) {
  const size_t open = OpenEnd(text.substr(0, limit));
  return open < limit ? limit - open : limit;
}

}  // namespace

void LineAssembler::Feed(std::string_view bytes, Moment now) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      Keep(bytes, now);
      return;
    }
    if (unfinished_.empty()) {
      EmitWhole(bytes.substr(0, end), now.wall);
    } else {
      unfinished_.append(bytes.substr(0, end));
      EmitWhole(unfinished_, started_);
      unfinished_.clear();
      deadline_ms_.reset();
    }
    bytes.remove_prefix(end + 1);
  }
}

void LineAssembler::Keep(std::string_view bytes, Moment now) {
  if (unfinished_.empty()) started_ = now.wall;
  if (!deadline_ms_) deadline_ms_ = now.steady_ms + limits_.partial_after_ms;
  unfinished_.append(bytes);
  size_t sent = 0;
  // A "\r" may still turn out to be the end of the line, hence > and not >=.
  while (unfinished_.size() - sent > limits_.piece_bytes) {
    const std::string_view rest = std::string_view(unfinished_).substr(sent);
    const size_t cut = CutAt(rest, limits_.piece_bytes);
    EmitPiece(rest.substr(0, cut), started_);
    started_ = now.wall;
    sent += cut;
  }
  unfinished_.erase(0, sent);
}

void LineAssembler::Tick(Moment now) {
  if (!deadline_ms_ || now.steady_ms < *deadline_ms_) return;
  deadline_ms_.reset();
  const size_t open = OpenEnd(unfinished_);
  const size_t ready = unfinished_.size() - open;
  if (ready == 0) return;  // Held back until more comes, which sets a new deadline.
  EmitPiece(std::string_view(unfinished_).substr(0, ready), started_);
  unfinished_.erase(0, ready);
  started_ = now.wall;
}

void LineAssembler::Finish(Moment now) {
  deadline_ms_.reset();
  if (unfinished_.empty() && !continues_) return;
  EmitWhole(unfinished_, unfinished_.empty() ? now.wall : started_);
  unfinished_.clear();
}

void LineAssembler::EmitWhole(std::string_view text, TimeNs time) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  while (text.size() > limits_.piece_bytes) {
    const size_t cut = CutAt(text, limits_.piece_bytes);
    EmitPiece(text.substr(0, cut), time);
    text.remove_prefix(cut);
  }
  continues_ = false;
  sink_(Line{time, text, false});
}

void LineAssembler::EmitPiece(std::string_view text, TimeNs time) {
  continues_ = true;
  sink_(Line{time, text, true});
}

}  // namespace tailrace
