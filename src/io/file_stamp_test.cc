#include "io/file_stamp.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace tailrace {
namespace {

namespace fs = std::filesystem;

TEST(FileChange, WaitsUntilTheFilesStayAsTheyAre) {
  const FileStamps old = {{1, 1, 10, 100}, {1, 2, 10, 100}};
  const FileStamps half = {{1, 3, 11, 200}, {1, 2, 10, 100}};
  const FileStamps whole = {{1, 3, 11, 200}, {1, 4, 11, 201}};
  FileChange change;
  EXPECT_FALSE(change.Look(old, old));
  EXPECT_FALSE(change.Look(half, old));
  EXPECT_FALSE(change.Look(whole, old));
  EXPECT_TRUE(change.Look(whole, old));
  EXPECT_FALSE(change.Look(whole, whole));
}

TEST(FileChange, WhatIsAsItWasNeedsNoReading) {
  const FileStamps old = {{1, 1, 10, 100}};
  const FileStamps other = {{1, 2, 10, 100}};
  FileChange change;
  EXPECT_FALSE(change.Look(other, old));
  EXPECT_FALSE(change.Look(old, old));
  EXPECT_FALSE(change.Look(old, old));
}

TEST(StampsOf, SeesARewriteARenameAndALinkThatLeadsElsewhere) {
  std::string folder = (fs::temp_directory_path() / "tailrace-stamp-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/link";
  const auto write = [&](const std::string& name, const char* text) {
    std::ofstream(folder + "/" + name) << text;
  };
  write("one", "first");
  write("two", "second");
  EXPECT_EQ(StampsOf({path}), FileStamps{FileStamp{}});
  fs::create_symlink("one", path);
  const FileStamps one = StampsOf({path});
  EXPECT_NE(one, FileStamps{FileStamp{}});
  EXPECT_EQ(StampsOf({path}), one);
  fs::remove(path);
  fs::create_symlink("two", path);
  const FileStamps two = StampsOf({path});
  EXPECT_NE(two, one);
  write("two", "longer than before");
  EXPECT_NE(StampsOf({path}), two);
  fs::rename(folder + "/one", folder + "/two");
  EXPECT_EQ(StampsOf({path}), one);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace tailrace
