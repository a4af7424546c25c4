#include "ingest/object_framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using testing::ElementsAre;

std::vector<std::string> Objects(ObjectFramer& framer, std::string_view body, size_t piece) {
  std::vector<std::string> objects;
  std::string_view object;
  while (!body.empty()) {
    std::string_view part = body.substr(0, piece);
    body.remove_prefix(part.size());
    for (;;) {
      const Result<bool> found = framer.Next(part, object);
      if (!found) {
        objects.push_back("!" + found.error().message);
        return objects;
      }
      if (!*found) break;
      objects.emplace_back(object);
    }
  }
  const Result<bool> found = framer.Finish(object);
  if (!found) objects.push_back("!" + found.error().message);
  if (found && *found) objects.emplace_back(object);
  return objects;
}

TEST(ObjectFramer, LinesAndArrays) {
  for (const size_t piece : {1u, 2u, 3u, 100u}) {
    EXPECT_THAT(Objects(*MakeLineFramer(9), "{1}\n\n{2}\r\n x", piece),
                ElementsAre("{1}", "{2}\r", " x"));
    EXPECT_THAT(Objects(*MakeLineFramer(9), "1234567890\n", piece),
                ElementsAre("!is larger than 9 bytes of JSON"));
    EXPECT_THAT(Objects(*MakeArrayFramer(13), R"([{"a\"}":[{}]},{"\\":1},{]])", piece),
                ElementsAre(R"({"a\"}":[{}]})", R"({"\\":1})", "{]"));
    EXPECT_THAT(Objects(*MakeArrayFramer(12), R"({"a\"}": [{}]})", piece),
                ElementsAre("!is larger than 12 bytes of JSON"));
    EXPECT_THAT(Objects(*MakeArrayFramer(12), R"([{"a": "\)", piece),
                ElementsAre("!is cut: the body ends inside of it"));
  }
}

}  // namespace
}  // namespace tailrace
