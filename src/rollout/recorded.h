// Recordings of a real cluster (testdata/), for the tests of this module: the watches of all kinds
// in the order in which they came, and what kubectl said.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

struct RecordedStep {
  std::string kind;  ///< "Deployment", …; "kubectl": `json` is its exit code and last line.
  bool deleted = false;
  std::string json;  ///< The object; 64 bytes can be read beyond its end.
};

/// All steps of testdata/NAME.ndjson.
std::vector<RecordedStep> ReadRecording(const std::string& name);

}  // namespace tailrace
