#include "store/block_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/testing.h"

namespace tailrace::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(BlockBuilder, JoinsRunsThatFit) {
  std::vector<Chunk> blocks;
  AppendRun(blocks, MakeRun({"a"}), 0, 0, 1000);
  AppendRun(blocks, MakeRun({"b", "c"}), 1, 2, 1000);
  AppendRun(blocks, {}, 3, 6, 1000);
  ASSERT_THAT(blocks, SizeIs(1));
  EXPECT_EQ(blocks[0].end, 3u);
  EXPECT_THAT(Texts(blocks[0].encoded), ElementsAre("a", "b", "c"));
}

TEST(BlockBuilder, SplitsLargeRunsBetweenEntries) {
  const size_t entry = MakeRun({"xxxx"}).encoded.size();
  const std::string huge(100, 'h');
  std::vector<Chunk> blocks;
  AppendRun(blocks, MakeRun({"xxxx"}), 0, 0, 2 * entry);
  AppendRun(blocks, MakeRun({"1xxx", "2xxx", "3xxx", huge, "4xxx"}), 1, 5, 2 * entry);
  ASSERT_THAT(blocks, SizeIs(5));
  EXPECT_THAT(Texts(blocks[1].encoded), ElementsAre("1xxx", "2xxx"));
  EXPECT_THAT(Texts(blocks[2].encoded), ElementsAre("3xxx"));
  EXPECT_THAT(Texts(blocks[3].encoded), ElementsAre(huge));
  EXPECT_EQ(blocks[4].begin, 5u);
  EXPECT_EQ(blocks[4].end, 6u);
  EXPECT_EQ(blocks[4].text_offset, 5u + 15 + 101);
}

TEST(BlockBuilder, DropsWhatIsStoredAlready) {
  EntryRun run = MakeRun({"one", "two", "three"});
  DropEntries(run, 2);
  EXPECT_EQ(run.count, 1u);
  EXPECT_EQ(run.text_bytes, 6u);
  EXPECT_THAT(Texts(run.encoded), ElementsAre("three"));
  DropEntries(run, 1);
  EXPECT_TRUE(run.encoded.empty());
  EXPECT_EQ(run.text_bytes, 0u);
}

}  // namespace
}  // namespace tailrace::testing
