#include "rollout/recorded.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <utility>

namespace tailrace {
namespace {

constexpr size_t kPaddingBytes = 64;

RecordedStep ReadStep(const simdjson::dom::element& line) {
  RecordedStep step;
  std::string_view said;
  if (!line["kubectl"].get(said)) {
    step.kind = "kubectl";
    step.json = said;
    return step;
  }
  const simdjson::dom::element object = line["object"].value();
  step.kind = std::string_view(object["kind"].value());
  step.deleted = std::string_view(line["type"].value()) == "DELETED";
  step.json = simdjson::minify(object);
  step.json.reserve(step.json.size() + kPaddingBytes);
  return step;
}

}  // namespace

std::vector<RecordedStep> ReadRecording(const std::string& name) {
  std::ifstream in(std::string(ROLLOUT_TESTDATA) + "/" + name + ".ndjson");
  EXPECT_TRUE(in.is_open()) << name;
  std::vector<RecordedStep> steps;
  simdjson::dom::parser parser;
  std::string line;
  while (std::getline(in, line)) steps.push_back(ReadStep(parser.parse(line).value()));
  return steps;
}

}  // namespace tailrace
