#include "store/rocksdb/format.h"

#include "base/bytes.h"

namespace tailrace::rocks {
namespace {

constexpr uint8_t kLost = 1;
constexpr uint8_t kEnded = 1;
constexpr uint8_t kHasMemo = 2;
constexpr uint8_t kHasExitCode = 1;

void AppendByte(std::string& out, uint8_t byte) {
  out.push_back(static_cast<char>(byte));
}

bool TakeByte(std::string_view& in, uint8_t& byte) {
  if (in.empty()) return false;
  byte = static_cast<uint8_t>(in.front());
  in.remove_prefix(1);
  return true;
}

bool TakeVersion(std::string_view& in) {
  uint8_t version = 0;
  return TakeByte(in, version) && version == kValueVersion;
}

bool TakeString(std::string_view& in, std::string& out) {
  std::string_view bytes;
  if (!TakeSized(in, bytes)) return false;
  out = bytes;
  return true;
}

bool TakeLabels(std::string_view& in, Labels& labels) {
  uint64_t count = 0;
  if (!TakeVarint(in, count) || count > kMaxLabels) return false;
  for (uint64_t i = 0; i < count; ++i) {
    std::string name;
    std::string value;
    if (!TakeString(in, name) || !TakeString(in, value)) return false;
    labels.emplace(std::move(name), std::move(value));
  }
  return true;
}

}  // namespace

void AppendTime(std::string& out, TimeNs time) {
  AppendBigEndian64(out, static_cast<uint64_t>(time));
}

bool TakeTime(std::string_view& in, TimeNs& time) {
  uint64_t bits = 0;
  if (!TakeBigEndian64(in, bits)) return false;
  time = static_cast<TimeNs>(bits);
  return true;
}

std::string BlockKey(uint64_t log_number, Position begin) {
  std::string key;
  AppendBigEndian64(key, log_number);
  AppendBigEndian64(key, begin);
  return key;
}

std::string LogPrefix(uint64_t log_number) {
  std::string key;
  AppendBigEndian64(key, log_number);
  return key;
}

bool ParseBlockKey(std::string_view key, uint64_t& log_number, Position& begin) {
  return TakeBigEndian64(key, log_number) && TakeBigEndian64(key, begin) && key.empty();
}

std::string ListKey(uint64_t log_number) {
  std::string key;
  AppendBigEndian64(key, ~log_number);
  return key;
}

bool ParseListKey(std::string_view key, uint64_t& log_number) {
  if (!TakeBigEndian64(key, log_number) || !key.empty()) return false;
  log_number = ~log_number;
  return true;
}

std::string ProducerKey(uint64_t log_number, std::string_view name) {
  std::string key;
  AppendBigEndian64(key, log_number);
  key.append(name);
  return key;
}

void AppendBlockHeader(std::string& out, const BlockHeader& header) {
  AppendByte(out, kValueVersion);
  AppendByte(out, header.lost ? kLost : 0);
  AppendTime(out, header.time);
  AppendVarint(out, header.count);
  AppendVarint(out, header.text_offset);
  AppendVarint(out, header.text_bytes);
  AppendVarint(out, header.encoded_offset);
  AppendVarint(out, header.encoded_bytes);
}

bool TakeBlockHeader(std::string_view& in, BlockHeader& header) {
  uint8_t flags = 0;
  if (!TakeVersion(in) || !TakeByte(in, flags) || flags > kLost) return false;
  header.lost = flags == kLost;
  return TakeTime(in, header.time) && TakeVarint(in, header.count) &&
         TakeVarint(in, header.text_offset) && TakeVarint(in, header.text_bytes) &&
         TakeVarint(in, header.encoded_offset) && TakeVarint(in, header.encoded_bytes) &&
         header.count > 0;
}

void AppendOutcome(std::string& out, const Outcome& outcome) {
  AppendByte(out, static_cast<uint8_t>(outcome.kind));
  AppendByte(out, outcome.exit_code ? kHasExitCode : 0);
  if (outcome.exit_code) AppendBigEndian64(out, static_cast<uint64_t>(*outcome.exit_code));
  AppendSized(out, outcome.reason);
}

bool TakeOutcome(std::string_view& in, Outcome& outcome) {
  uint8_t kind = 0;
  uint8_t flags = 0;
  if (!TakeByte(in, kind) || kind > static_cast<uint8_t>(OutcomeKind::kLost)) return false;
  outcome.kind = static_cast<OutcomeKind>(kind);
  if (!TakeByte(in, flags) || flags > kHasExitCode) return false;
  outcome.exit_code.reset();
  if (flags == kHasExitCode) {
    uint64_t code = 0;
    if (!TakeBigEndian64(in, code)) return false;
    outcome.exit_code = static_cast<int64_t>(code);
  }
  return TakeString(in, outcome.reason);
}

std::string EncodeLog(const LogState& state) {
  const LogInfo& info = state.info;
  std::string out;
  AppendByte(out, kValueVersion);
  AppendByte(out, (info.HasEnded() ? kEnded : 0) | (state.memo_at ? kHasMemo : 0));
  AppendTime(out, info.created);
  AppendTime(out, info.updated);
  AppendVarint(out, info.number);
  AppendVarint(out, info.first);
  AppendVarint(out, state.TextFirst());
  AppendVarint(out, state.encoded_first);
  AppendVarint(out, state.producers);
  AppendSized(out, info.incarnation);
  AppendSized(out, info.title);
  AppendVarint(out, info.labels.size());
  for (const auto& [name, value] : info.labels) {
    AppendSized(out, name);
    AppendSized(out, value);
  }
  if (state.memo_at) AppendVarint(out, *state.memo_at);
  if (info.HasEnded()) {
    AppendTime(out, info.ended.value_or(info.updated));
    AppendOutcome(out, *info.outcome);
  }
  return out;
}

bool DecodeLog(std::string_view value, LogState& state) {
  LogInfo& info = state.info;
  uint8_t flags = 0;
  if (!TakeVersion(value) || !TakeByte(value, flags) || flags > (kEnded | kHasMemo)) {
    return false;
  }
  if (!TakeTime(value, info.created) || !TakeTime(value, info.updated)) return false;
  if (!TakeVarint(value, info.number) || !TakeVarint(value, info.first) ||
      !TakeVarint(value, state.text_end) || !TakeVarint(value, state.encoded_first) ||
      !TakeVarint(value, state.producers)) {
    return false;
  }
  info.position = info.first;
  info.bytes = 0;
  state.encoded_end = state.encoded_first;
  if (!TakeString(value, info.incarnation) || !TakeString(value, info.title) ||
      !TakeLabels(value, info.labels)) {
    return false;
  }
  if ((flags & kHasMemo) != 0 && !TakeVarint(value, state.memo_at.emplace())) return false;
  if ((flags & kEnded) != 0) {
    TimeNs ended = 0;
    Outcome outcome;
    if (!TakeTime(value, ended) || !TakeOutcome(value, outcome)) return false;
    info.ended = ended;
    info.outcome = std::move(outcome);
  }
  return value.empty();
}

std::string MemoKey(uint64_t log_number) {
  return ProducerKey(log_number, "");
}

std::string EncodeMemo(const Memo& memo) {
  std::string out;
  AppendByte(out, kValueVersion);
  AppendVarint(out, memo.at);
  out.append(memo.bytes);
  return out;
}

bool DecodeMemo(std::string_view value, Memo& memo) {
  if (!TakeVersion(value) || !TakeVarint(value, memo.at)) return false;
  memo.bytes = value;
  return true;
}

std::string EncodeCount(uint64_t count) {
  std::string out;
  AppendByte(out, kValueVersion);
  AppendVarint(out, count);
  return out;
}

bool DecodeCount(std::string_view value, uint64_t& count) {
  return TakeVersion(value) && TakeVarint(value, count) && value.empty();
}

}  // namespace tailrace::rocks
