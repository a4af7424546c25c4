// JsonEntryReader: one JSON object of an append as an entry (body_parser.h says which members).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/body_parser.h"
#include "ingest/json_reader.h"
#include "ingest/masked_split.h"

namespace tailrace {

/// One thread.
class JsonEntryReader {
 public:
  JsonEntryReader(const BodyLimits& limits, const Redactor* redactor);

  /// Adds the object as one entry, or as partial ones if its text is too long. kInvalid, kTooLarge
  /// with Error::field and a reason that continues "entry n …"; then nothing was added.
  Result<void> Read(std::string_view object, TimeNs now, EntryRun& out);

 private:
  Result<void> TakeMember(const JsonMember& member, Entry& entry);
  Result<void> BuildFields(Entry& entry);
  void MaskFields();

  BodyLimits limits_;
  const Redactor* redactor_;
  MaskedSplit split_;
  JsonReader reader_;
  std::vector<JsonMember> members_;
  std::vector<JsonMember> others_;  // what goes into Entry::fields
  std::string fields_;
  std::string decoded_;  // of text_base64
  uint32_t seen_ = 0;    // known members of this object, a bit each
};

}  // namespace tailrace
