// LogInfo: what is known about a log besides its entries.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/entry.h"
#include "log/log_key.h"

namespace tailrace {

enum class OutcomeKind : uint8_t { kSucceeded, kFailed, kCancelled, kLost };

/// "succeeded", "failed", "cancelled", "lost".
std::string_view OutcomeName(OutcomeKind kind);
std::optional<OutcomeKind> ParseOutcomeKind(std::string_view name);

inline constexpr size_t kMaxReasonBytes = 4096;

/// The verdict of a log; stored with its last entry.
struct Outcome {
  OutcomeKind kind = OutcomeKind::kSucceeded;
  std::optional<int64_t> exit_code;
  std::string reason;  ///< For people; at most kMaxReasonBytes.

  bool operator==(const Outcome&) const = default;
};

using Labels = std::map<std::string, std::string>;

/// The label of a log that a source of the server writes; nobody else can set it.
inline constexpr const char* kWriterLabel = "tailrace.dev/writer";
/// Its values. The log is the source's: others may not append to it, end it, or say what it is.
inline constexpr std::string_view kWriterAlone = "kubernetes";
/// It was made by somebody else, who may go on with it but not change what the source says it is.
inline constexpr std::string_view kWriterAmongOthers = "kubernetes and others";

inline constexpr size_t kMaxTitleBytes = 1024;
inline constexpr size_t kMaxLabels = 64;
inline constexpr size_t kMaxLabelBytes = 1024;  ///< Of a name and of a value each.

struct LogInfo {
  LogKey key;
  /// Counts the incarnations of all logs of a store: a later one has a higher number.
  uint64_t number = 0;
  std::string incarnation;  ///< 6 or more of [a-z0-9], random.
  std::string title;
  Labels labels;
  Position first = 0;     ///< The oldest entry that is still there; > 0 once retention has cut.
  Position position = 0;  ///< Entries ever appended; first <= position.
  uint64_t bytes = 0;     ///< Size of a raw download of the entries that are still there.
  TimeNs created = 0;
  TimeNs updated = 0;           ///< Of the last append, end or change of metadata.
  std::optional<TimeNs> ended;  ///< Set with `outcome`.
  std::optional<Outcome> outcome;

  bool HasEnded() const { return outcome.has_value(); }
};

/// The object of `GET /api/v1/logs/{type}/{id}` (api.md "Reading"). One line.
void AppendLogInfoJson(std::string& out, const LogInfo& info);

/// `"outcome":…,"exit_code":…,"reason":…` without braces; null where there is none.
void AppendOutcomeFields(std::string& out, const std::optional<Outcome>& outcome);

}  // namespace tailrace
