#include "log/entry.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/text.h"

namespace tailrace {
namespace {

// First byte of an entry. Bits 0-1: the stream, a well-known one or kOtherStream.
constexpr std::array<std::string_view, 3> kKnownStreams = {"", "stdout", "stderr"};
constexpr uint8_t kOtherStream = 3;
constexpr uint8_t kStreamMask = 3;
constexpr uint8_t kHasSource = 1 << 2;
constexpr uint8_t kHasLevel = 1 << 3;
constexpr uint8_t kHasFields = 1 << 4;
constexpr uint8_t kPartial = 1 << 5;
constexpr uint8_t kHasLost = 1 << 6;
constexpr uint8_t kReserved = 1 << 7;

uint8_t StreamCode(std::string_view stream) {
  for (uint8_t code = 0; code < kKnownStreams.size(); ++code) {
    if (kKnownStreams[code] == stream) return code;
  }
  return kOtherStream;
}

// A lone line is a run of its own, which must not grow in many steps.
void MakeRoom(std::string& out, const Entry& entry) {
  constexpr size_t kHeadsBytes = 32;  // about what stands around the texts
  const size_t need = out.size() + kHeadsBytes + entry.text.size() + entry.stream.size() +
                      entry.source.size() + entry.level.size() + entry.fields.size();
  if (need > out.capacity()) out.reserve(std::max(need, 2 * out.capacity()));
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name);
  AppendJsonString(out, value);
}

}  // namespace

void EncodeEntry(std::string& out, const Entry& entry) {
  const uint8_t stream = StreamCode(entry.stream);
  uint8_t head = stream;
  if (!entry.source.empty()) head |= kHasSource;
  if (!entry.level.empty()) head |= kHasLevel;
  if (!entry.fields.empty()) head |= kHasFields;
  if (entry.partial) head |= kPartial;
  if (entry.lost) head |= kHasLost;
  MakeRoom(out, entry);
  out.push_back(static_cast<char>(head));
  AppendBigEndian64(out, static_cast<uint64_t>(entry.time));
  if (stream == kOtherStream) AppendSized(out, entry.stream);
  if (head & kHasSource) AppendSized(out, entry.source);
  if (head & kHasLevel) AppendSized(out, entry.level);
  if (head & kHasFields) AppendSized(out, entry.fields);
  if (head & kHasLost) AppendVarint(out, *entry.lost);
  AppendSized(out, entry.text);
}

bool EntryReader::Next(Entry& entry) {
  if (rest_.empty() || corrupt_) return false;
  corrupt_ = true;  // until the whole entry is read
  const auto head = static_cast<uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  if (head & kReserved) return false;
  entry = Entry{};
  uint64_t time = 0;
  if (!TakeBigEndian64(rest_, time)) return false;
  entry.time = static_cast<TimeNs>(time);
  const uint8_t stream = head & kStreamMask;
  if (stream != kOtherStream) entry.stream = kKnownStreams[stream];
  if (stream == kOtherStream && !TakeSized(rest_, entry.stream)) return false;
  if ((head & kHasSource) && !TakeSized(rest_, entry.source)) return false;
  if ((head & kHasLevel) && !TakeSized(rest_, entry.level)) return false;
  if ((head & kHasFields) && !TakeSized(rest_, entry.fields)) return false;
  if (head & kHasLost) {
    uint64_t lost = 0;
    if (!TakeVarint(rest_, lost)) return false;
    entry.lost = lost;
  }
  entry.partial = (head & kPartial) != 0;
  if (!TakeSized(rest_, entry.text)) return false;
  corrupt_ = false;
  return true;
}

void AppendEntryJson(std::string& out, Position n, const Entry& entry) {
  out.append("{\"n\":");
  AppendDecimal(out, n);
  out.append(",\"time\":\"");
  AppendRfc3339(out, entry.time);
  out.push_back('"');
  if (!entry.stream.empty()) AppendField(out, ",\"stream\":", entry.stream);
  if (!entry.source.empty()) AppendField(out, ",\"source\":", entry.source);
  if (!entry.level.empty()) AppendField(out, ",\"level\":", entry.level);
  if (entry.partial) out.append(",\"partial\":true");
  if (entry.lost) {
    out.append(",\"lost\":");
    out.append(*entry.lost == kLostUnknown ? "null" : std::to_string(*entry.lost));
  }
  if (!entry.fields.empty()) {
    out.append(",\"fields\":");
    out.append(entry.fields);
  }
  AppendField(out, ",\"text\":", entry.text);
  out.push_back('}');
}

}  // namespace tailrace
