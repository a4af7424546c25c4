#include "source/kubernetes/known_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tailrace {
namespace {

struct KnownFileTest : ::testing::Test {
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "known-XXXXXX";
    folder = mkdtemp(pattern.data());
    path = KnownFilePath(folder, "east");
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string folder;
  std::string path;
};

TEST_F(KnownFileTest, ComesBackAsItWas) {
  EXPECT_FALSE(ReadKnownFile(path, "east"));
  const KnownRevisions known{.until = 1'795'461'000'123'456'789,
                             .revisions = {{"u1", "7"}, {"u2", ""}}};
  ASSERT_TRUE(WriteKnownFile(path, "east", known));
  const auto read = ReadKnownFile(path, "east");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->until, known.until);
  EXPECT_EQ(read->revisions, known.revisions);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_FALSE(ReadKnownFile(path, "west"));
}

TEST_F(KnownFileTest, ANameOfAnyKindStaysInTheFolder) {
  const std::string name = "../arn:aws:eks:eu/" + std::string(300, 'x');
  const std::string odd = KnownFilePath(folder, name);
  EXPECT_EQ(std::filesystem::path(odd).parent_path(), folder);
  ASSERT_TRUE(WriteKnownFile(odd, name, {.until = 1}));
  EXPECT_EQ(ReadKnownFile(odd, name)->until, 1);
}

TEST_F(KnownFileTest, WhatCannotBeReadIsAsGoodAsNone) {
  for (const char* const text :
       {"", "{", "[]", "{}", R"({"cluster":"east","until":"now","revisions":{}})",
        R"({"cluster":"east","until":1,"revisions":[]})",
        R"({"cluster":"east","until":1,"revisions":{"u":7}})"}) {
    std::ofstream(path) << text;
    EXPECT_FALSE(ReadKnownFile(path, "east")) << text;
  }
}

TEST_F(KnownFileTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_EQ(WriteKnownFile(folder + "/none/x", "east", {}).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace tailrace
