#include "bench/load/stream_checker.h"

#include <charconv>

namespace tailrace::bench {
namespace {

constexpr std::string_view kData = "data: ";
constexpr std::string_view kId = "id: ";

std::string Quoted(std::string_view text) {
  return "'" + std::string(text.substr(0, 80)) + "'";
}

}  // namespace

bool StreamChecker::Take(std::string_view bytes) {
  if (!problem_.empty()) return false;
  if (form_ == Form::kText) return TakeMarks(bytes);
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    const bool line_ends = end != std::string_view::npos;
    const bool whole = line_ends && line_ == Line::kUnknown && carry_.empty();
    if (!(whole ? TakeWhole(part) : TakePart(part, line_ends))) return false;
    bytes.remove_prefix(line_ends ? end + 1 : bytes.size());
  }
  return true;
}

bool StreamChecker::TakeWhole(std::string_view line) {
  return line.starts_with(kData) ? TakeMarks(line.substr(kNameBytes)) : TakeOther(line);
}

bool StreamChecker::TakePart(std::string_view part, bool line_ends) {
  if (line_ == Line::kUnknown) {
    const size_t wanted = kNameBytes - carry_.size();
    carry_.append(part.substr(0, wanted));
    part.remove_prefix(std::min(part.size(), wanted));
    if (carry_.size() == kNameBytes || line_ends) {
      line_ = carry_ == kData ? Line::kData : Line::kOther;
    }
  }
  if (line_ == Line::kData) {
    if (!TakeMarks(part)) return false;
  } else if (line_ == Line::kOther) {
    carry_.append(part);
    if (carry_.size() > kLineBytes) return Fail("a line is too long: " + Quoted(carry_));
  }
  if (!line_ends) return true;
  const bool fine = line_ == Line::kData || TakeOther(carry_);
  line_ = Line::kUnknown;
  carry_.clear();
  return fine;
}

bool StreamChecker::TakeMarks(std::string_view bytes) {
  marks_.Scan(bytes);
  return !marks_.Broken() || Fail(marks_.Problem());
}

bool StreamChecker::TakeOther(std::string_view line) {
  if (line.empty()) return EndEvent();
  if (form_ == Form::kEvents) return true;
  if (line.starts_with(kId)) return TakeId(line.substr(kId.size()));
  if (line.starts_with(':') || line.starts_with("retry: ") || line == "event: ping") return true;
  if (line != "event: end") return Fail("unexpected line " + Quoted(line));
  ended_ = true;
  return true;
}

bool StreamChecker::TakeId(std::string_view id) {
  const size_t dot = id.find('.');
  if (dot == std::string_view::npos) return Fail("an id without position: " + Quoted(id));
  const std::string_view incarnation = id.substr(0, dot);
  if (incarnation_.empty()) incarnation_ = incarnation;
  if (incarnation != incarnation_) return Fail("another incarnation: " + Quoted(id));
  const char* end = id.data() + id.size();
  const auto [rest, error] = std::from_chars(id.data() + dot + 1, end, id_position_);
  const std::string_view suffix(rest, end);
  if (error != std::errc() || suffix != (ended_ ? ".end" : "")) {
    return Fail("a wrong id: " + Quoted(id));
  }
  has_id_ = true;
  return true;
}

bool StreamChecker::EndEvent() {
  const uint64_t fresh = entries() - counted_;
  counted_ += fresh;
  if (form_ == Form::kEvents) return true;
  if (!has_id_) return fresh == 0 || Fail("entries without an id");
  has_id_ = false;
  if (position_ == kAnywhere) position_ = id_position_ - fresh;
  position_ += fresh;
  if (id_position_ == position_) return true;
  return Fail("an id says position " + std::to_string(id_position_) + " where " +
              std::to_string(position_) + " entries were before and in the event");
}

bool StreamChecker::Fail(std::string problem) {
  problem_ = std::move(problem);
  return false;
}

}  // namespace tailrace::bench
