#include "source/spool_format.h"

#include <zlib.h>

#include "base/bytes.h"

namespace tailrace {
namespace {

constexpr std::string_view kMagic = "TRSPOOL1";

uint32_t Crc(std::string_view bytes, uint32_t seed = 0) {
  return static_cast<uint32_t>(
      crc32_z(seed, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

void AppendBigEndian32(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

uint32_t TakeBigEndian32(std::string_view& in) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(in[i]);
  in.remove_prefix(4);
  return value;
}

}  // namespace

Result<std::string> EncodeSpoolHeader(const SpoolMeta& meta) {
  std::string body;
  AppendSized(body, meta.key.type);
  AppendSized(body, meta.key.id);
  AppendSized(body, meta.producer);
  AppendSized(body, meta.title);
  AppendSized(body, meta.url);
  body.push_back(meta.ends_log ? 1 : 0);
  std::string header(kMagic);
  AppendBigEndian32(header, Crc(body));
  AppendSized(header, body);
  if (header.size() > kSpoolSlotOffset) {
    return Fail(ErrorCode::kTooLarge, "title and URL do not fit the spool's header together");
  }
  header.resize(kSpoolSlotOffset, '\0');
  return header;
}

Result<SpoolMeta> DecodeSpoolHeader(std::string_view page) {
  const auto corrupt = [] { return Fail(ErrorCode::kCorrupt, "it is not a spool of tailrace"); };
  if (!page.starts_with(kMagic) || page.size() < kSpoolSlotOffset) return corrupt();
  page.remove_prefix(kMagic.size());
  const uint32_t crc = TakeBigEndian32(page);
  std::string_view body, type, id, producer, title, url;
  if (!TakeSized(page, body) || Crc(body) != crc) return corrupt();
  if (!TakeSized(body, type) || !TakeSized(body, id) || !TakeSized(body, producer) ||
      !TakeSized(body, title) || !TakeSized(body, url) || body.size() != 1) {
    return corrupt();
  }
  auto key = MakeLogKey(type, id);
  if (!key) return corrupt();
  return SpoolMeta{std::move(*key), std::string(producer), std::string(title), std::string(url),
                   body.front() != 0};
}

std::string EncodeSpoolSlot(const SpoolSlot& slot) {
  std::string body;
  AppendBigEndian64(body, slot.generation);
  AppendBigEndian64(body, slot.offset);
  AppendBigEndian64(body, slot.acknowledged);
  AppendBigEndian64(body, slot.shift);
  std::string out;
  AppendBigEndian32(out, Crc(body));
  return out + body;
}

std::optional<SpoolSlot> DecodeSpoolSlot(std::string_view bytes) {
  if (bytes.size() < 36) return std::nullopt;
  const uint32_t crc = TakeBigEndian32(bytes);
  if (Crc(bytes.substr(0, 32)) != crc) return std::nullopt;
  SpoolSlot slot;
  if (!TakeBigEndian64(bytes, slot.generation) || !TakeBigEndian64(bytes, slot.offset) ||
      !TakeBigEndian64(bytes, slot.acknowledged) || !TakeBigEndian64(bytes, slot.shift)) {
    return std::nullopt;
  }
  return slot.generation > 0 ? std::optional(slot) : std::nullopt;
}

std::string EncodeSpoolRecordHead(SpoolRecordKind kind, uint64_t first, uint32_t count,
                                  std::string_view payload) {
  std::string covered(1, static_cast<char>(kind));
  AppendBigEndian64(covered, first);
  AppendBigEndian32(covered, count);
  std::string head;
  AppendBigEndian32(head, static_cast<uint32_t>(payload.size()));
  AppendBigEndian32(head, Crc(payload, Crc(covered)));
  return head.append(covered);
}

std::optional<SpoolRecordHead> DecodeSpoolRecordHead(std::string_view bytes) {
  if (bytes.size() < kSpoolRecordHeadBytes) return std::nullopt;
  SpoolRecordHead head;
  head.payload_bytes = TakeBigEndian32(bytes);
  head.crc = TakeBigEndian32(bytes);
  const auto kind = static_cast<uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  if (kind != 1 && kind != 2) return std::nullopt;
  head.kind = static_cast<SpoolRecordKind>(kind);
  if (!TakeBigEndian64(bytes, head.first)) return std::nullopt;
  head.count = TakeBigEndian32(bytes);
  if (head.payload_bytes > kMaxSpoolPayloadBytes) return std::nullopt;
  return head;
}

bool SpoolRecordIsWhole(std::string_view head_bytes, std::string_view payload) {
  const auto head = DecodeSpoolRecordHead(head_bytes);
  if (!head || head->payload_bytes != payload.size()) return false;
  const uint32_t crc = Crc(head_bytes.substr(8, kSpoolRecordHeadBytes - 8));
  return Crc(payload, crc) == head->crc;
}

std::string EncodeSpoolOutcome(const std::optional<Outcome>& outcome) {
  std::string out;
  if (!outcome) return out;
  out.push_back(static_cast<char>(outcome->kind));
  out.push_back(outcome->exit_code ? 1 : 0);
  AppendBigEndian64(out, static_cast<uint64_t>(outcome->exit_code.value_or(0)));
  AppendSized(out, outcome->reason);
  return out;
}

Result<std::optional<Outcome>> DecodeSpoolOutcome(std::string_view payload) {
  if (payload.empty()) return std::optional<Outcome>();
  const auto corrupt = [] { return Fail(ErrorCode::kCorrupt, "the spool's outcome is damaged"); };
  if (payload.size() < 11 || static_cast<uint8_t>(payload[0]) > 3) return corrupt();
  Outcome outcome;
  outcome.kind = static_cast<OutcomeKind>(payload[0]);
  const bool has_code = payload[1] != 0;
  payload.remove_prefix(2);
  uint64_t code = 0;
  std::string_view reason;
  if (!TakeBigEndian64(payload, code) || !TakeSized(payload, reason)) return corrupt();
  if (has_code) outcome.exit_code = static_cast<int64_t>(code);
  outcome.reason = reason;
  return std::optional(std::move(outcome));
}

}  // namespace tailrace
