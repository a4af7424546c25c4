// The parameters of `GET /api/v1/logs`: which logs are wanted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "http/request.h"
#include "store/log_store.h"

namespace tailrace {

/// What a reader wants besides what every store chooses by itself. Copied to the reader pool.
struct ListConditions {
  std::vector<std::string> words;  ///< Each is part of type/id or title.
  std::string id;                  ///< Part of the id.
  std::string title;               ///< Part of the title.
  std::optional<OutcomeKind> outcome;
  std::optional<TimeNs> since;  ///< Created then or later.
  std::optional<TimeNs> until;  ///< Created before.

  bool Fit(const LogInfo& info) const;
  /// Logs come newest first: none behind this one was created at `since` or later, unless a clock
  /// went back by more than an hour.
  bool EndAt(const LogInfo& info) const;
};

struct ListParameters {
  ListQuery query;
  ListConditions conditions;
};

/// kInvalid with the field.
Result<ListParameters> ParseListParameters(const Query& query);

/// A page as ListQuery says; reads the store, so on the reader pool.
Result<ListAnswer> ListLogs(LogStore& store, const ListParameters& parameters);

}  // namespace tailrace
