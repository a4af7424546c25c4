#include "source/file_follower.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

namespace tailrace {
namespace {

namespace fs = std::filesystem;

class FileFollowerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "follower_test_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    path_ = directory_ / "app.log";
  }
  void TearDown() override { fs::remove_all(directory_); }

  void Write(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }
  // All that is there now.
  std::string ReadAll() {
    std::string out;
    while (follower_->Read(out) == PushInput::Status::kData) {
    }
    return out;
  }
  void Start() {
    follower_.emplace(
        path_.string(),
        Say{.note = [this](const std::string& text) { said_.push_back(text); }, .warn = {}});
  }

  fs::path directory_, path_;
  std::vector<std::string> said_;
  std::optional<FileFollower> follower_;
};

TEST_F(FileFollowerTest, ReadsWhatIsAdded) {
  Write("one\n");
  Start();
  EXPECT_EQ(ReadAll(), "one\n");
  EXPECT_EQ(ReadAll(), "");
  Write("two\nthr");
  Write("ee\n");
  EXPECT_EQ(ReadAll(), "two\nthree\n");
}

TEST_F(FileFollowerTest, WaitsForAFileThatIsNotThereAndSaysSoOnce) {
  Start();
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(ReadAll(), "");
  ASSERT_EQ(said_.size(), 1u);
  Write("at last\n");
  EXPECT_EQ(ReadAll(), "at last\n");
}

TEST_F(FileFollowerTest, AfterARenameReadsTheOldFileToItsEndAndThenTheNew) {
  Write("one\n");
  Start();
  EXPECT_EQ(ReadAll(), "one\n");
  Write("two\n");
  fs::rename(path_, directory_ / "app.log.1");
  EXPECT_EQ(ReadAll(), "two\n");  // no new file yet: the old one is still read
  std::ofstream(directory_ / "app.log.1", std::ios::app) << "late\n";
  Write("new\n");
  EXPECT_EQ(ReadAll(), "late\nnew\n");
}

TEST_F(FileFollowerTest, AfterATruncationReadsFromTheStart) {
  Write("a long first line\n");
  Start();
  EXPECT_EQ(ReadAll(), "a long first line\n");
  fs::resize_file(path_, 0);
  Write("short\n");
  EXPECT_EQ(ReadAll(), "short\n");
  EXPECT_EQ(said_.size(), 1u);
}

TEST_F(FileFollowerTest, ATruncatedFileThatHasGrownBeyondThePointOfReadingIsKnown) {
  Write("one\n");
  Start();
  EXPECT_EQ(ReadAll(), "one\n");
  for (const std::string text :
       {"two\n", "one longer\nthan before\n", "one longer\nthen before\n"}) {
    fs::resize_file(path_, 0);
    Write(text);
    EXPECT_EQ(ReadAll(), text);
    EXPECT_EQ(ReadAll(), "");
  }
  EXPECT_EQ(said_.size(), 3u);
}

TEST_F(FileFollowerTest, ALargeFileIsKnownByItsStartAndByWhatWasReadLast) {
  std::string text(300'000, 'x');
  Write(text);
  Start();
  EXPECT_EQ(ReadAll(), text);
  Write("more");
  EXPECT_EQ(ReadAll(), "more");
  text += "more";
  for (const size_t at : {size_t{0}, text.size() - 1}) {
    text[at] = '!';
    fs::resize_file(path_, 0);
    Write(text + "new");
    EXPECT_EQ(ReadAll(), text + "new");
    text += "new";
  }
  EXPECT_EQ(said_.size(), 2u);
}

}  // namespace
}  // namespace tailrace
