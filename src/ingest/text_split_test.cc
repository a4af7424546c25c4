#include "ingest/text_split.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(TextSplit, CutsBetweenSequences) {
  EXPECT_EQ(CutLength("abcdefg", 5), 5u);
  EXPECT_EQ(CutLength("abcd\xC3\xA4g", 5), 4u);
  EXPECT_EQ(CutLength("abc\xC3\xA4g", 5), 5u);
  EXPECT_EQ(CutLength("ab\xF0\x9F\x9A\x80g", 5), 2u);
  EXPECT_EQ(CutLength("a\xF0\x9F\x9A\x80g", 5), 5u);
  EXPECT_EQ(CutLength("ab\xF0\x9F\x9Agh", 5), 5u);  // ill-formed
  EXPECT_EQ(CutLength("\x80\x80\x80\x80\x80\x80", 4), 4u);
}

TEST(TextSplit, KeepsTheRestOfTheEntry) {
  EntryRun run;
  AddSplit(run, {.time = 3, .text = "12345678", .stream = "stdout", .fields = "{}", .lost = 1}, 5);
  AddSplit(run, {.text = "12345", .partial = true}, 5);
  AddSplit(run, {.text = ""}, 5);
  EXPECT_EQ(run.count, 4u);
  EXPECT_EQ(run.text_bytes, 6u + 4 + 6 + 1);
  EntryReader reader(run.encoded);
  Entry entry;
  ASSERT_TRUE(reader.Next(entry));
  EXPECT_TRUE(entry.partial && entry.lost == 1u && entry.fields == "{}");
  ASSERT_TRUE(reader.Next(entry));
  EXPECT_EQ(entry.text, "678");
  EXPECT_EQ(entry.time, 3);
  EXPECT_EQ(entry.stream, "stdout");
  EXPECT_FALSE(entry.partial || entry.lost || !entry.fields.empty());
  ASSERT_TRUE(reader.Next(entry));
  EXPECT_TRUE(entry.partial);
}

}  // namespace
}  // namespace tailrace
