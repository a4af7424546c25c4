// Entry: one message in a log, and its encoded form, which is the same in memory, in a chunk and
// in a stored block (docs/store-format.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace tailrace {

/// How many entries stand before a point in a log. Entry 0 is the first.
using Position = uint64_t;

/// Entry::lost: lines were lost upstream, nobody knows how many.
inline constexpr uint64_t kLostUnknown = UINT64_MAX;

/// One entry whose bytes belong to somebody else. Empty stream, source, level, fields: absent.
struct Entry {
  TimeNs time = 0;
  std::string_view text;    ///< As it came: any bytes, also CR, LF, NUL and ill-formed UTF-8.
  std::string_view stream;  ///< "stdout", "stderr", "event" or another short name.
  std::string_view source;  ///< Who wrote it, as in "web-7d9f/app".
  std::string_view level;   ///< As the producer said it, as in "error".
  std::string_view fields;  ///< A JSON object with the producer's other fields, or empty.
  bool partial = false;     ///< The next entry of this stream and source continues it.
  /// Lines lost upstream just before this entry: a count, kLostUnknown, or nothing lost.
  std::optional<uint64_t> lost;
};

/// Appends the encoded entry. Encoded entries have no state between them: two encoded runs put
/// behind each other are one run.
void EncodeEntry(std::string& out, const Entry& entry);

/// Reads a run of encoded entries from the front.
class EntryReader {
 public:
  explicit EntryReader(std::string_view encoded) : rest_(encoded) {}

  /// False at the end, and on bytes that are not entries: then Corrupt() says so.
  /// The views in `entry` point into the encoded bytes.
  bool Next(Entry& entry);
  bool Corrupt() const { return corrupt_; }
  /// What has not been read; its distance to the start is the offset of the next entry.
  std::string_view Rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool corrupt_ = false;
};

/// A run of encoded entries that grows: what a producer's body is turned into.
struct EntryRun {
  std::string encoded;
  uint64_t count = 0;
  uint64_t text_bytes = 0;  ///< Sum of the texts' sizes + 1 each: their size in a raw download.

  void Add(const Entry& entry) {
    EncodeEntry(encoded, entry);
    ++count;
    text_bytes += entry.text.size() + 1;
  }
  bool Empty() const { return count == 0; }
};

/// Appends the entry as in a page of api.md: {"n":…,"time":…,"stream":…,"source":…,"level":…,
/// "partial":true,"lost":…,"fields":{…},"text":…}, absent ones left out; no CR or LF in it.
void AppendEntryJson(std::string& out, Position n, const Entry& entry);

}  // namespace tailrace
