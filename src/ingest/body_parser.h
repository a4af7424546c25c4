// BodyParser: the body of an append as entries, while it comes in.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "log/entry.h"

namespace tailrace {

class Redactor;

struct BodyLimits {
  size_t entry_bytes = 1 << 20;    ///< Longer texts are split into partial entries, never cut.
  size_t object_bytes = 64 << 20;  ///< One JSON object as it came; held in memory (kTooLarge).
  size_t fields_bytes = 64 << 10;  ///< `fields` of one entry as stored (kTooLarge).
  size_t json_depth = 64;          ///< Nesting of one JSON object, itself included (kInvalid).
};
inline constexpr size_t kMaxStreamBytes = 64;
inline constexpr size_t kMaxSourceBytes = 256;
inline constexpr size_t kMaxLevelBytes = 64;

/// What comes out does not depend on how the bytes were cut into calls (besides `now`). Memory: the
/// entry under way, so at most entry_bytes (text) or a few times object_bytes (JSON). One thread.
class BodyParser {
 public:
  virtual ~BodyParser() = default;

  /// Appends the entries that `bytes` (decoded) completes to `out`. `now` is the time of those
  /// that bring none. On an error the entries before the wrong one are in `out`, and the parser
  /// must not be used again. kInvalid, kTooLarge: the message names the entry (the first is 0) and
  /// the reason, Error::field the member.
  virtual Result<void> Feed(std::string_view bytes, TimeNs now, EntryRun& out) = 0;

  /// The body is complete: appends what is still under way. Errors as Feed.
  virtual Result<void> Finish(TimeNs now, EntryRun& out) = 0;
};

/// What MakeBodyParser understands; for the answer 415.
inline constexpr std::string_view kAcceptedBodyTypes =
    "text/plain, application/x-ndjson, application/json";

/// By Content-Type; null: refuse it with 415. Parameters such as charset are ignored: text is
/// stored as it came, JSON is always UTF-8.
///
/// text/plain, an empty value (no such field), and application/x-www-form-urlencoded, which is
/// what `curl --data-binary` says if it is told nothing: one entry a line. LF or CRLF ends it; a
/// lone CR stays in the text. A last line without its end is an entry too.
///
/// application/x-ndjson (also application/jsonl, application/ndjson): an object a line; blank
/// lines are skipped. application/json: an object, or an array of objects; an empty
/// body is an error.
///   {"text":…, "time": RFC 3339 or integer nanoseconds, "stream":…, "source":…, "level":…,
///    "partial": bool, "lost": count of lines lost before this entry, or null if unknown}
/// Instead of `text` there may be `text_base64` (RFC 4648 §4, with padding), for bytes that are not
/// well-formed UTF-8; one of the two is required, both are an error. Other members are kept as
/// Entry::fields; a member `fields` that is an object is merged into them, and `n` is ignored, so
/// that an entry of a page can be posted again. A member that comes twice is an error.
///
/// `redactor`, if there is one, outlives the parser; texts and fields come out masked, as many of
/// them as without it. It sees one entry at a time: a secret that the producer itself has put into
/// two entries is not recognised.
std::unique_ptr<BodyParser> MakeBodyParser(std::string_view content_type, const BodyLimits& limits,
                                           const Redactor* redactor = nullptr);

}  // namespace tailrace
