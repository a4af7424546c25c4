#include "source/kubernetes/log_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/memory_store.h"
#include "store/testing.h"

namespace tailrace {
namespace {

using testing::MakeRun;
using testing::ReadAll;

const LogKey kKey{"rollout", "shop.web.7"};

struct LogWriterTest : ::testing::Test {
  void EndAndRun(LogWriter& writer) {
    writer.End(Outcome{}, [this] { loop.Stop(); });
    loop.Run();
  }
  std::vector<std::string> Stored() { return ReadAll(store, kKey).value(); }

  MemoryStore store;
  Loop loop;
  LogWriters writers{store, loop, 10'000};
  std::vector<std::string> refused;
  std::function<void(const Error&)> on_refused = [this](const Error& error) {
    refused.push_back(error.message);
    loop.Stop();
  };
};

TEST_F(LogWriterTest, StoresInOrderAndThenEnds) {
  LogWriter writer(writers, kKey, on_refused);
  EXPECT_TRUE(writer.Idle());
  std::vector<std::string> texts;
  for (int n = 0; n < 1'000; ++n) {
    texts.push_back("line " + std::to_string(n));
    writer.Take(MakeRun({texts.back()}));
    if (n % 7 == 0) writer.Flush();
  }
  EXPECT_FALSE(writer.Idle());
  EndAndRun(writer);
  EXPECT_TRUE(writer.Idle());
  EXPECT_EQ(Stored(), texts);
  EXPECT_TRUE(store.Stat(kKey)->HasEnded());
  EXPECT_EQ(writers.Stats().entries, 1'000u);
  EXPECT_EQ(writers.Stats().waiting_bytes, 0u);
}

TEST_F(LogWriterTest, AMemoStandsForWhatWasGivenBeforeIt) {
  LogWriter writer(writers, kKey, on_refused);
  writer.Take(MakeRun({"a"}));
  writer.Take(MakeRun({"b"}), "two");
  writer.Take(MakeRun({"c"}));
  writer.Take(MakeRun({"d"}), "four");
  writer.Take(MakeRun({"e"}));
  EndAndRun(writer);
  EXPECT_EQ(Stored(), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  const Memo memo = store.ReadMemo(kKey).value().value();
  EXPECT_EQ(memo.at, 4);
  EXPECT_EQ(memo.bytes, "four");
}

TEST_F(LogWriterTest, EndsALogWithoutEntries) {
  LogWriter writer(writers, kKey, on_refused);
  EndAndRun(writer);
  EXPECT_TRUE(store.Stat(kKey)->HasEnded());
}

TEST_F(LogWriterTest, GoesOnBehindAnEarlierServerAndBesideOthers) {
  for (int server = 0; server < 2; ++server) {
    LogWriter writer(writers, kKey, on_refused);
    writer.Take(MakeRun({"a", "b"}));
    writer.Flush();
    while (!writer.Idle()) {
      loop.After(1, [this] { loop.Stop(); });
      loop.Run();
    }
    ASSERT_TRUE(testing::AppendNow(store, kKey, {"by hand"}));
  }
  EXPECT_EQ(Stored(), (std::vector<std::string>{"a", "b", "by hand", "a", "b", "by hand"}));
}

TEST_F(LogWriterTest, SaysWhenTooMuchWaits) {
  store.Pause();
  LogWriter writer(writers, kKey, on_refused);
  writer.Take(MakeRun({std::string(11'000, 'x')}));
  writer.Flush();
  EXPECT_TRUE(writer.Full());
  writer.Take(MakeRun({"more"}));
  store.Resume();
  EndAndRun(writer);
  EXPECT_FALSE(writer.Full());
  EXPECT_EQ(Stored().size(), 2u);
}

TEST_F(LogWriterTest, AnEndedLogTakesNoMore) {
  ASSERT_TRUE(testing::AppendNow(store, kKey, {"a"}));
  ASSERT_TRUE(testing::EndNow(store, kKey, Outcome{}));
  LogWriter writer(writers, kKey, on_refused);
  writer.Take(MakeRun({"late"}));
  writer.Flush();
  loop.Run();
  EXPECT_EQ(refused.size(), 1u);
  writer.Take(MakeRun({"later"}));
  writer.Flush();
  EXPECT_TRUE(writer.Idle());
  EXPECT_EQ(Stored(), std::vector<std::string>{"a"});
  EXPECT_EQ(writers.Stats().waiting_bytes, 0u);
}

TEST_F(LogWriterTest, AnswersFindNobodyAfterItsEnd) {
  store.Pause();
  {
    LogWriter writer(writers, kKey, on_refused);
    writer.Take(MakeRun({"a"}));
    writer.Flush();
  }
  store.Resume();
  EXPECT_EQ(writers.Stats().waiting_bytes, 0u);
  loop.After(1, [this] { loop.Stop(); });
  loop.Run();
}

// A store that refuses for a while: what waits for its disk is over its limit.
TEST(LogWriter, RepeatsWhatTheStoreCannotTakeNow) {
  StoreOptions options;
  options.pending_limit_bytes = 1'000;
  MemoryStore store(options);
  Loop loop;
  LogWriters writers(store, loop, 10'000);
  store.Pause();
  auto blocking =
      testing::AppendLater(store, testing::MakeAppend({"other", "log"}, {std::string(2'000, 'x')}));
  LogWriter writer(writers, kKey, {});
  writer.Take(MakeRun({"one"}));
  writer.Flush();
  std::function<void()> wait = [&] {
    if (writers.Stats().refusals >= 2) {
      store.Resume();
    } else {
      loop.After(1, [&] { wait(); });
    }
  };
  wait();
  writer.Take(MakeRun({"two"}));
  writer.End(Outcome{}, [&] { loop.Stop(); });
  loop.Run();
  EXPECT_TRUE(blocking.get());
  EXPECT_EQ(ReadAll(store, kKey).value(), (std::vector<std::string>{"one", "two"}));
}

}  // namespace
}  // namespace tailrace
