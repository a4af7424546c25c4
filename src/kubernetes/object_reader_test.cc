#include "kubernetes/object_reader.h"

#include <gtest/gtest.h>

namespace tailrace::kube {
namespace {

const std::string kObject =
    R"({"spec":{"metadata":{"uid":"wrong"}},"metadata":{"name":"a\u00e9","namespace":"ns",)"
    R"("uid":"u1","resourceVersion":"7","labels":{"uid":"wrong"}},"status":{"a":[1,{"b":"}"}]}})";

TEST(ObjectReaderTest, AListWithItsObjectsAsTheyAre) {
  ObjectReader reader;
  std::string body = R"({"kind":"PodList","metadata":{"resourceVersion":"9","continue":"next"},)"
                     R"("items":[)" +
                     kObject + "," + kObject + "]}";
  std::vector<std::string> seen;
  const auto meta = reader.ReadList(body, [&](const ObjectId& id, std::string_view json) {
    seen.push_back(std::string(id.uid) + " " + std::string(id.resource_version) + " " +
                   std::string(id.namespace_name) + " " + std::string(id.name));
    EXPECT_EQ(json, kObject);
  });
  ASSERT_TRUE(meta) << meta.error().message;
  EXPECT_EQ(meta->resource_version, "9");
  EXPECT_EQ(meta->next, "next");
  EXPECT_EQ(seen, std::vector<std::string>(2, "u1 7 ns aé"));
}

TEST(ObjectReaderTest, AListWithoutObjects) {
  ObjectReader reader;
  for (const std::string items : {"[]", "null"}) {
    std::string body = R"({"items":)" + items + R"(,"metadata":{"resourceVersion":"9"}})";
    const auto meta = reader.ReadList(body, [](const ObjectId&, std::string_view) { FAIL(); });
    ASSERT_TRUE(meta) << meta.error().message;
    EXPECT_EQ(meta->next, "");
  }
}

TEST(ObjectReaderTest, EventsOfEveryType) {
  ObjectReader reader;
  using enum WatchEvent::Type;
  for (const auto& [name, type] :
       {std::pair("ADDED", kAdded), {"MODIFIED", kModified}, {"DELETED", kDeleted}}) {
    std::string line = R"({"type":")" + std::string(name) + R"(","object":)" + kObject + "}";
    const auto event = reader.ReadEvent(line);
    ASSERT_TRUE(event) << event.error().message;
    EXPECT_EQ(event->type, type);
    EXPECT_EQ(event->id.name, "aé");
    EXPECT_EQ(event->json, kObject);
  }
  std::string line = R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12"}}})";
  auto event = reader.ReadEvent(line);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->type, kBookmark);
  EXPECT_EQ(event->id.resource_version, "12");
  line = R"({"object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"},)"
         R"("type":"ERROR"})";
  event = reader.ReadEvent(line);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->type, kError);
  EXPECT_EQ(event->status, 410);
  EXPECT_EQ(event->reason, "Expired");
  EXPECT_EQ(event->message, "too old");
}

TEST(ObjectReaderTest, WhatIsCutOrOddIsAnError) {
  ObjectReader reader;
  const std::string whole = R"({"type":"ADDED","object":)" + kObject + "}";
  // The last brace is not looked at: a line is whole by its end.
  for (size_t length = 0; length + 1 < whole.size(); ++length) {
    std::string line = whole.substr(0, length);
    EXPECT_FALSE(reader.ReadEvent(line)) << line;
  }
  for (std::string line :
       {R"({"type":"OTHER","object":{}})", R"({"type":"ADDED"})", R"({"type":"ADDED","object":7})",
        R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"7"}}})",
        R"({"type":"ADDED","object":{"metadata":{"uid":"a"}}})",
        R"({"type":"ADDED","object":{"metadata":{"uid":8,"resourceVersion":"7"}}})",
        R"({"type":"BOOKMARK","object":{"metadata":{}}})", "null", "[]", "\xff"}) {
    EXPECT_FALSE(reader.ReadEvent(line)) << line;
  }
  for (std::string body : {R"({"items":[]})", R"({"metadata":{"resourceVersion":"7"},"items":[7]})",
                           R"({"metadata":{"resourceVersion":"7"},"items":{}})", "[]", "7", ""}) {
    EXPECT_FALSE(reader.ReadList(body, [](const ObjectId&, std::string_view) {})) << body;
  }
}

}  // namespace
}  // namespace tailrace::kube
