#include "log/entry.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

void ExpectSame(const Entry& a, const Entry& b) {
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.stream, b.stream);
  EXPECT_EQ(a.source, b.source);
  EXPECT_EQ(a.level, b.level);
  EXPECT_EQ(a.fields, b.fields);
  EXPECT_EQ(a.partial, b.partial);
  EXPECT_EQ(a.lost, b.lost);
}

const Entry kPlain{.time = 1, .text = "hello"};
const Entry kFull{.time = -5,
                  .text = std::string_view("a\0\r\n\xFF", 5),
                  .stream = "event",
                  .source = "web-7d9f/app",
                  .level = "error",
                  .fields = R"({"pod":"p1"})",
                  .partial = true,
                  .lost = kLostUnknown};

TEST(Entry, RunsComeBackInOrder) {
  EntryRun run;
  for (const std::string_view stream : {"", "stdout", "stderr", "event"}) {
    run.Add({.time = 7, .text = "x", .stream = stream});
  }
  run.Add(kFull);
  run.Add(kPlain);
  EXPECT_EQ(run.count, 6u);
  EXPECT_EQ(run.text_bytes, 4 * 2 + 6 + 6u);
  EntryReader reader(run.encoded);
  Entry entry;
  for (const std::string_view stream : {"", "stdout", "stderr", "event"}) {
    ASSERT_TRUE(reader.Next(entry));
    EXPECT_EQ(entry.stream, stream);
  }
  ASSERT_TRUE(reader.Next(entry));
  ExpectSame(entry, kFull);
  ASSERT_TRUE(reader.Next(entry));
  ExpectSame(entry, kPlain);
  EXPECT_FALSE(reader.Next(entry));
  EXPECT_FALSE(reader.Corrupt());
}

TEST(Entry, EveryCutIsSeen) {
  std::string encoded;
  EncodeEntry(encoded, kFull);
  for (size_t size = 1; size < encoded.size(); ++size) {
    EntryReader reader(std::string_view(encoded).substr(0, size));
    Entry entry;
    EXPECT_FALSE(reader.Next(entry)) << size;
    EXPECT_TRUE(reader.Corrupt()) << size;
  }
}

TEST(Entry, JsonLeavesOutWhatIsAbsent) {
  std::string out;
  AppendEntryJson(out, 3, kPlain);
  EXPECT_EQ(out, R"({"n":3,"time":"1970-01-01T00:00:00.000000001Z","text":"hello"})");
}

TEST(Entry, JsonHasEverything) {
  std::string out;
  AppendEntryJson(out, 9, kFull);
  EXPECT_EQ(out, R"({"n":9,"time":"1969-12-31T23:59:59.999999995Z","stream":"event",)"
                 R"("source":"web-7d9f/app","level":"error","partial":true,"lost":null,)"
                 "\"fields\":{\"pod\":\"p1\"},\"text\":\"a\\u0000\\r\\n\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace tailrace
