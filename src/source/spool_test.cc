#include "source/spool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "source/spool_format.h"

namespace tailrace {
namespace {

namespace fs = std::filesystem;

std::string Encoded(int first, int count) {
  std::string out;
  for (int n = first; n < first + count; ++n) {
    const std::string text = "line " + std::to_string(n);
    EncodeEntry(out, Entry{.time = n, .text = text, .stream = "stdout"});
  }
  return out;
}

std::vector<std::string> Texts(const SpoolBatch& batch) {
  std::vector<std::string> texts;
  EntryReader reader(batch.encoded);
  Entry entry;
  while (reader.Next(entry)) texts.emplace_back(entry.text);
  EXPECT_FALSE(reader.Corrupt());
  EXPECT_EQ(texts.size(), batch.count);
  return texts;
}

class SpoolTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "spool_test_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    path_ = directory_ / "x.spool";
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::unique_ptr<Spool> Make(SpoolOptions options = {}) {
    auto spool = Spool::Create(path_, meta_, std::move(options));
    EXPECT_TRUE(spool) << spool.error().message;
    return std::move(*spool);
  }
  std::unique_ptr<Spool> Reopen() {
    auto spool = Spool::Open(path_, {});
    EXPECT_TRUE(spool) << spool.error().message;
    return std::move(*spool);
  }

  fs::path directory_, path_;
  SpoolMeta meta_{{"deploy", "1"}, "exec-host-abc", "A title", "http://127.0.0.1:1", true};
};

TEST_F(SpoolTest, GivesBackWhatWasPutIn) {
  const auto spool = Make();
  EXPECT_EQ(spool->Read(1000)->count, 0u);
  ASSERT_TRUE(spool->Append(Encoded(0, 3), 3));
  ASSERT_TRUE(spool->Append(Encoded(3, 2), 2));
  const auto batch = spool->Read(1 << 20);
  EXPECT_EQ(batch->first, 0u);
  EXPECT_EQ(Texts(*batch).back(), "line 4");
  EXPECT_EQ(spool->Read(1)->count, 3u);  // whole records
  EXPECT_EQ(spool->Undelivered(), 5u);
}

TEST_F(SpoolTest, WhatIsAcknowledgedInTheMiddleOfARecordIsNotGivenAgain) {
  const auto spool = Make();
  ASSERT_TRUE(spool->Append(Encoded(0, 3), 3));
  ASSERT_TRUE(spool->Append(Encoded(3, 3), 3));
  ASSERT_TRUE(spool->Read(1 << 20));
  spool->Acknowledge(4, 0);
  const auto batch = spool->Read(1 << 20);
  EXPECT_EQ(batch->first, 4u);
  EXPECT_EQ(Texts(*batch), (std::vector<std::string>{"line 4", "line 5"}));
}

TEST_F(SpoolTest, AnotherProcessFindsWhatIsLeft) {
  {
    const auto spool = Make();
    ASSERT_TRUE(spool->Append(Encoded(0, 3), 3));
    ASSERT_TRUE(spool->Read(1 << 20));
    spool->Acknowledge(1, 5);
    ASSERT_TRUE(spool->Append(Encoded(3, 1), 1));
    spool->Finish(Outcome{OutcomeKind::kFailed, 3, "exit code 3"});
  }
  for (int time = 0; time < 2; ++time) {  // The end is there until the file is deleted.
    const auto spool = Reopen();
    EXPECT_EQ(spool->Meta().key.Path(), "deploy/1");
    EXPECT_EQ(spool->Meta().title, "A title");
    EXPECT_EQ(spool->Shift(), 5u);
    EXPECT_FALSE(spool->DamagedTail());
    const auto batch = spool->Read(1 << 20);
    EXPECT_EQ(batch->first, time == 0 ? 1u : 4u);
    EXPECT_EQ(batch->count, time == 0 ? 3u : 0u);
    EXPECT_TRUE(batch->finished);
    EXPECT_EQ(batch->outcome->exit_code, 3);
    spool->Acknowledge(4, 5);
  }
}

TEST_F(SpoolTest, RefusesWhatIsNoSpoolOrIsInUse) {
  EXPECT_EQ(Spool::Open(path_, {}).error().code, ErrorCode::kNotFound);
  std::ofstream(path_) << "something else";
  EXPECT_EQ(Spool::Open(path_, {}).error().code, ErrorCode::kCorrupt);
  fs::remove(path_);
  const auto spool = Make();
  EXPECT_EQ(Spool::Open(path_, {}).error().code, ErrorCode::kConflict);
}

TEST_F(SpoolTest, AFileCutAnywhereGivesAPrefix) {
  {
    const auto spool = Make();
    for (int n = 0; n < 4; ++n) ASSERT_TRUE(spool->Append(Encoded(n, 1), 1));
    spool->Finish(std::nullopt);
  }
  const auto whole = fs::file_size(path_);
  uint64_t last = 5;
  for (auto size = whole; size >= kSpoolHeaderBytes; --size) {
    fs::resize_file(path_, size);
    const auto spool = Reopen();
    const auto batch = spool->Read(1 << 20);
    ASSERT_TRUE(batch) << batch.error().message;
    EXPECT_EQ(batch->finished, size == whole);
    EXPECT_LE(batch->count, last);
    last = batch->count;
    const auto texts = Texts(*batch);
    for (size_t n = 0; n < texts.size(); ++n) EXPECT_EQ(texts[n], "line " + std::to_string(n));
  }
  EXPECT_EQ(last, 0u);
}

TEST_F(SpoolTest, ADamagedByteEndsWhatIsRecovered) {
  uint64_t size = 0;
  {
    const auto spool = Make();
    for (int n = 0; n < 3; ++n) ASSERT_TRUE(spool->Append(Encoded(n, 1), 1));
    size = fs::file_size(path_);
  }
  const uint64_t record = (size - kSpoolHeaderBytes) / 3;
  for (uint64_t at = kSpoolHeaderBytes + record; at < kSpoolHeaderBytes + 2 * record; ++at) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char old = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(old ^ 0x10));
    file.flush();
    {
      const auto spool = Reopen();
      EXPECT_TRUE(spool->DamagedTail());
      EXPECT_EQ(spool->Read(1 << 20)->count, 1u) << at;
    }
    file.seekp(static_cast<std::streamoff>(at));
    file.put(old);
  }
}

TEST_F(SpoolTest, TheLimitHoldsAndRoomComesBackWithDelivery) {
  const auto spool = Make({.limit_bytes = 8192});
  const std::string run = Encoded(0, 20);
  uint64_t taken = 0;
  while (spool->Append(run, 20)) taken += 20;
  EXPECT_EQ(spool->Problem(), "the spool is full");
  EXPECT_GT(taken, 200u);
  EXPECT_LE(fs::file_size(path_), 8192 + kSpoolHeaderBytes);
  ASSERT_TRUE(spool->Read(500));
  spool->Acknowledge(20, 0);
  EXPECT_FALSE(spool->Append(Encoded(0, 1), 1));  // not before an eighth is free
  ASSERT_TRUE(spool->Read(4000));
  spool->Acknowledge(120, 0);
  EXPECT_TRUE(spool->Append(run, 20));
  while (spool->Append(run, 20)) {
  }
  EXPECT_TRUE(spool->AppendLastWord(Encoded(0, 1), 1));
  const auto before = fs::file_size(path_);
  spool->Finish(Outcome{});
  EXPECT_GT(fs::file_size(path_), before);  // has room kept for it
}

TEST_F(SpoolTest, ASpoolThatIsDeliveredStartsOver) {
  const auto spool = Make();
  const std::string run = Encoded(0, 1000);
  for (int round = 0; round < 500; ++round) {
    ASSERT_TRUE(spool->Append(run, 1000));
    const auto batch = spool->Read(1 << 20);
    ASSERT_EQ(batch->count, 1000u);
    spool->Acknowledge(batch->first + batch->count, 0);
    ASSERT_LT(fs::file_size(path_), 2u << 20);
  }
  EXPECT_EQ(spool->Undelivered(), 0u);
}

TEST_F(SpoolTest, DeliveredSpaceIsGivenBackWhileMoreWaits) {
  const auto spool = Make({.limit_bytes = 1 << 20});
  const std::string run = Encoded(0, 1000);
  ASSERT_TRUE(spool->Append(run, 1000));
  for (int round = 0; round < 500; ++round) {
    ASSERT_TRUE(spool->Append(run, 1000));
    const auto batch = spool->Read(1);
    spool->Acknowledge(batch->first + batch->count, 0);
  }
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 1 << 20);
  EXPECT_GT(status.st_size, 1 << 20);
}

TEST_F(SpoolTest, AFullDiskCostsOnlyWhatItDoesNotTake) {
  int fail = 0;
  SpoolOptions options;
  options.io.write = [&fail](int fd, const void* data, size_t size, off_t offset) -> ssize_t {
    if (fail > 0) {
      --fail;
      if (fail % 2 == 1) return ::pwrite(fd, data, std::min<size_t>(size, 3), offset);
      errno = ENOSPC;
      return -1;
    }
    return ::pwrite(fd, data, size, offset);
  };
  const auto spool = Make(options);
  ASSERT_TRUE(spool->Append(Encoded(0, 1), 1));
  fail = 2;
  EXPECT_FALSE(spool->Append(Encoded(1, 1), 1));
  EXPECT_EQ(spool->Problem(), "No space left on device");
  fail = 0;
  ASSERT_TRUE(spool->Append(Encoded(2, 1), 1));
  EXPECT_EQ(Texts(*spool->Read(1 << 20)), (std::vector<std::string>{"line 0", "line 2"}));
}

TEST_F(SpoolTest, AnEndThatTheDiskRefusesIsKeptInMemory) {
  bool fail = false;
  SpoolOptions options;
  options.io.write = [&fail](int fd, const void* data, size_t size, off_t offset) -> ssize_t {
    errno = ENOSPC;
    return fail ? -1 : ::pwrite(fd, data, size, offset);
  };
  const auto spool = Make(options);
  ASSERT_TRUE(spool->Append(Encoded(0, 2), 2));
  fail = true;
  spool->Finish(Outcome{OutcomeKind::kCancelled, {}, "SIGTERM"});
  spool->WaitForData(1'000'000, [] { return false; });
  const auto batch = spool->Read(1 << 20);
  EXPECT_EQ(batch->count, 2u);
  EXPECT_TRUE(batch->finished);
  EXPECT_EQ(batch->outcome->reason, "SIGTERM");
}

TEST_F(SpoolTest, WorksWithoutAnyFile) {
  auto spool = Spool::CreateInMemory(meta_, {.limit_bytes = 1 << 20});
  ASSERT_TRUE(spool);
  ASSERT_TRUE((*spool)->Append(Encoded(0, 2), 2));
  EXPECT_EQ((*spool)->Read(1 << 20)->count, 2u);
  EXPECT_EQ((*spool)->Path(), "");
}

TEST_F(SpoolTest, IsDeletedOnlyWhenToldSo) {
  Make();
  EXPECT_TRUE(fs::exists(path_));
  Reopen()->RemoveAtEnd();
  EXPECT_FALSE(fs::exists(path_));
}

}  // namespace
}  // namespace tailrace
