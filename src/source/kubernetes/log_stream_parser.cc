#include "source/kubernetes/log_stream_parser.h"

#include <algorithm>
#include <utility>

namespace tailrace {
namespace {

constexpr size_t kDateTimeBytes = 29;  // "2026-11-23T04:22:50.291539518"
constexpr TimeNs kClockSlackNs = 10'000'000'000;
constexpr std::string_view kKubeletTrouble = "rpc error: code = ";

}  // namespace

std::optional<KubeletStamp> ParseKubeletStamp(std::string_view text) {
  if (text.size() <= kDateTimeBytes + 1 || text[10] != 'T' || text[19] != '.') return std::nullopt;
  const char zone = text[kDateTimeBytes];
  const size_t size = kDateTimeBytes + (zone == 'Z' ? 1 : 6);
  if (zone != 'Z' && zone != '+' && zone != '-') return std::nullopt;
  if (text.size() <= size || text[size] != ' ') return std::nullopt;
  const std::optional<TimeNs> time = ParseRfc3339(text.substr(0, size));
  if (!time) return std::nullopt;
  return KubeletStamp{*time, size + 1};
}

LogStreamParser::LogStreamParser(std::string container_id, Sink sink)
    : container_id_(std::move(container_id)), sink_(std::move(sink)) {}

void LogStreamParser::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const bool whole = end != std::string_view::npos;
    const std::string_view line = bytes.substr(0, whole ? end : bytes.size());
    bytes.remove_prefix(whole ? end + 1 : bytes.size());
    if (whole && held_.empty()) {
      Take(line, true);
      continue;
    }
    held_.append(line);
    if (whole) {
      Take(held_, true);
      held_.clear();
    } else if (held_.size() > kHeldBytes) {
      held_.erase(0, Take(held_, false));
    }
  }
}

size_t LogStreamParser::Take(std::string_view rest, bool whole) {
  const size_t before = rest.size();
  if (!in_line_ && !TakeStamp(rest, whole)) return 0;
  // A stamp is looked for only where all of it must be there.
  while (rest.size() > kPartBytes - part_offset_ + kMaxStampBytes ||
         (whole && rest.size() > kPartBytes - part_offset_)) {
    const size_t size = kPartBytes - part_offset_;
    Emit(rest.substr(0, size), false);
    rest.remove_prefix(size);
    TakePartStamp(rest);
    part_offset_ = 0;
  }
  if (!whole) return before - rest.size();
  Emit(rest, true);
  in_line_ = false;
  return before;
}

bool LogStreamParser::TakeStamp(std::string_view& rest, bool whole) {
  if (!whole && rest.size() < kMaxStampBytes) return false;
  const std::optional<KubeletStamp> stamp = ParseKubeletStamp(rest);
  if (stamp) {
    time_ = stamp->time;
    rest.remove_prefix(stamp->size);
  }
  stamped_ = stamp.has_value();
  in_line_ = true;
  emitted_ = false;
  part_offset_ = 0;
  return true;
}

// A kubelet writes stamps before all parts or before none. What merely looks like one is told by
// the first part's end that this stream has, and by its time: no part is older than its line.
void LogStreamParser::TakePartStamp(std::string_view& rest) {
  if (part_stamps_ == PartStamps::kNo) return;
  const std::optional<KubeletStamp> stamp = ParseKubeletStamp(rest);
  const bool genuine = stamped_ && stamp && stamp->time >= time_ - kClockSlackNs;
  if (part_stamps_ == PartStamps::kUnknown) {
    part_stamps_ = genuine ? PartStamps::kYes : PartStamps::kNo;
  }
  if (genuine) rest.remove_prefix(stamp->size);
}

void LogStreamParser::Emit(std::string_view text, bool ends) {
  part_offset_ += text.size();
  sink_(LogPiece{time_, text, !emitted_, ends});
  emitted_ = true;
}

std::string LogStreamParser::Finish() {
  std::string_view rest = held_;
  if (rest.empty() && !in_line_) return {};
  if (!in_line_ && !ParseKubeletStamp(rest)) return std::exchange(held_, {});
  const std::string_view own = OwnWords(rest);
  std::string said(rest.substr(own.size()));
  Take(own, true);
  held_.clear();
  return said;
}

std::string_view LogStreamParser::OwnWords(std::string_view text) const {
  if (container_id_.empty()) return text;
  const size_t trouble = text.rfind(kKubeletTrouble);
  if (trouble == std::string_view::npos) return text;
  const bool about_us = text.find(container_id_, trouble) != std::string_view::npos;
  return about_us ? text.substr(0, trouble) : text;
}

}  // namespace tailrace
