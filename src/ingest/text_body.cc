#include "ingest/text_body.h"

#include <algorithm>
#include <cstring>

#include "ingest/text_split.h"

namespace tailrace {
namespace {

// An upload that lasts for hours keeps no larger buffer between its lines.
constexpr size_t kKeptBytes = 16 << 10;

}  // namespace

TextBody::TextBody(const BodyLimits& limits, const Redactor* redactor)
    : split_(redactor, std::max(limits.entry_bytes, kMinEntryBytes)) {}

Result<void> TextBody::Feed(std::string_view bytes, TimeNs now, EntryRun& out) {
  while (!bytes.empty()) {
    const void* found = std::memchr(bytes.data(), '\n', bytes.size());
    if (found == nullptr) {
      // A CR at the end may belong to the line's end; it stays in any case.
      pending_.append(bytes);
      split_.AddFront(out, {.time = now}, pending_);
      break;
    }
    const auto size = static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
    if (pending_.empty()) {
      AddLine(bytes.substr(0, size), now, out);
    } else {
      pending_.append(bytes, 0, size);
      AddLine(pending_, now, out);
      pending_.clear();
      if (pending_.capacity() > kKeptBytes) pending_.shrink_to_fit();
    }
    bytes.remove_prefix(size + 1);
  }
  return {};
}

Result<void> TextBody::Finish(TimeNs now, EntryRun& out) {
  // A last line has no end, so a CR there is a lone one.
  if (!pending_.empty()) split_.AddWhole(out, {.time = now, .text = pending_});
  pending_ = std::string();
  return {};
}

void TextBody::AddLine(std::string_view line, TimeNs now, EntryRun& out) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  split_.AddWhole(out, {.time = now, .text = line});
}

}  // namespace tailrace
