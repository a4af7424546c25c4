// TextBody: text/plain, one entry a line.
#pragma once

#include <string>

#include "ingest/body_parser.h"
#include "ingest/masked_split.h"

namespace tailrace {

/// Never fails. Holds at most one line, and of a long one not more than an entry's limit.
class TextBody final : public BodyParser {
 public:
  TextBody(const BodyLimits& limits, const Redactor* redactor);
  Result<void> Feed(std::string_view bytes, TimeNs now, EntryRun& out) override;
  Result<void> Finish(TimeNs now, EntryRun& out) override;

 private:
  /// `line` is without its LF.
  void AddLine(std::string_view line, TimeNs now, EntryRun& out);

  MaskedSplit split_;
  std::string pending_;  // a line whose end has not come
};

}  // namespace tailrace
