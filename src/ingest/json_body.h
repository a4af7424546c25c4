// JsonBody: application/x-ndjson and application/json.
#pragma once

#include <memory>

#include "ingest/body_parser.h"
#include "ingest/json_entry.h"
#include "ingest/object_framer.h"

namespace tailrace {

class JsonBody final : public BodyParser {
 public:
  JsonBody(std::unique_ptr<ObjectFramer> framer, const BodyLimits& limits, const Redactor* redactor)
      : framer_(std::move(framer)), reader_(limits, redactor) {}
  Result<void> Feed(std::string_view bytes, TimeNs now, EntryRun& out) override;
  Result<void> Finish(TimeNs now, EntryRun& out) override;

 private:
  Result<void> Add(std::string_view object, TimeNs now, EntryRun& out);
  /// Names the entry that `error` is about.
  std::unexpected<Error> Refuse(Error error) const;

  std::unique_ptr<ObjectFramer> framer_;
  JsonEntryReader reader_;
  uint64_t entries_ = 0;  // objects read so far
};

}  // namespace tailrace
