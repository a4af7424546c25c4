#include "source/mongodb/checkpoint.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tailrace {
namespace {

class Checkpoint : public ::testing::Test {
 protected:
  Checkpoint() {
    std::string folder = (std::filesystem::temp_directory_path() / "checkpointXXXXXX").string();
    folder_ = mkdtemp(folder.data());
    path_ = folder_ / "source.json";
  }
  ~Checkpoint() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(Checkpoint, IsReadAsItWasWritten) {
  const MongoCheckpoint written{"abc", R"({"_data":"82\u0000"})", {{"deploy", "1"}, {"a", "b:c"}}};
  ASSERT_TRUE(WriteCheckpoint(path_.string(), written));
  const MongoCheckpoint read = ReadCheckpoint(path_.string());
  EXPECT_EQ(read.epoch, written.epoch);
  EXPECT_EQ(read.state, written.state);
  EXPECT_EQ(read.unfinished, written.unfinished);
}

TEST_F(Checkpoint, ReplacesTheOneBefore) {
  ASSERT_TRUE(WriteCheckpoint(path_.string(), {"abc", "1", {}}));
  ASSERT_TRUE(WriteCheckpoint(path_.string(), {"abc", "2", {}}));
  EXPECT_EQ(ReadCheckpoint(path_.string()).state, "2");
}

TEST_F(Checkpoint, WhatCannotBeReadIsEmpty) {
  EXPECT_TRUE(ReadCheckpoint(path_.string()).epoch.empty());
  for (const char* const text :
       {"", "{", "[]", "{}", R"({"epoch":1,"state":"","unfinished":[]})",
        R"({"epoch":"a","state":"","unfinished":["no-slash"]})",
        R"({"epoch":"a","state":"","unfinished":[3]})", R"({"epoch":"a","state":""})"}) {
    Write(text);
    EXPECT_TRUE(ReadCheckpoint(path_.string()).epoch.empty()) << text;
  }
}

TEST_F(Checkpoint, AnErrorNamesTheFile) {
  const auto written = WriteCheckpoint((folder_ / "none" / "x.json").string(), {});
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("x.json"), std::string::npos);
}

}  // namespace
}  // namespace tailrace
