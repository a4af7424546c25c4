#include "source/kubernetes/log_opener.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "store/memory_store.h"

namespace tailrace {
namespace {

const LogKey kFirst{"deploy", "42"};
const LogKey kSecond{"deploy", "42.7"};

struct LogOpenerTest : ::testing::Test {
  LogOpener::Wish WishFor(const std::string& uid, const std::string& revision) {
    return {.names = {.keys = {kFirst, kSecond}},
            .title = "ours",
            .labels = {{kUidLabel, uid}, {kRevisionLabel, revision}, {"team", "shop"}}};
  }
  Result<LogKey> Open(LogOpener::Wish wish) {
    std::optional<Result<LogKey>> answer;
    wish.done = [&](Result<LogKey> key) {
      answer = std::move(key);
      loop.Stop();
    };
    opener.Open(std::move(wish));
    loop.Run();
    return *answer;
  }
  void Create(LogKey key, std::string title, Labels labels) {
    store.Create({.key = std::move(key),
                  .title = std::move(title),
                  .labels = std::move(labels),
                  .done = [this](const Result<CreateRequest::Answer>&) { loop.Stop(); }});
    loop.Run();
  }
  void End(LogKey key) {
    store.Append({.key = std::move(key),
                  .end = Outcome{},
                  .done = [this](const Result<AppendAnswer>&) { loop.Stop(); },
                  .from_source = true});
    loop.Run();
  }

  MemoryStore store;
  Loop loop;
  LogOpener opener{store, loop};
};

TEST_F(LogOpenerTest, MakesALogWithTitleAndLabels) {
  EXPECT_EQ(Open(WishFor("u", "7")).value(), kFirst);
  const LogInfo info = store.Stat(kFirst).value();
  EXPECT_EQ(info.title, "ours");
  EXPECT_EQ(info.labels, (Labels{{"uid", "u"},
                                 {"revision", "7"},
                                 {"team", "shop"},
                                 {kWriterLabel, std::string(kWriterAlone)}}));
}

TEST_F(LogOpenerTest, FindsItsOwnAgain) {
  EXPECT_EQ(Open(WishFor("u", "7")).value(), kFirst);
  EXPECT_EQ(Open(WishFor("u", "7")).value(), kFirst);
}

TEST_F(LogOpenerTest, JoinsALogThatAPortalHasMade) {
  Create(kFirst, "theirs", {{"ticket", "T-1"}, {"team", "portal"}});
  EXPECT_EQ(Open(WishFor("u", "7")).value(), kFirst);
  const LogInfo info = store.Stat(kFirst).value();
  EXPECT_EQ(info.title, "theirs");
  EXPECT_EQ(info.labels, (Labels{{"ticket", "T-1"},
                                 {"uid", "u"},
                                 {"revision", "7"},
                                 {"team", "shop"},
                                 {kWriterLabel, std::string(kWriterAmongOthers)}}));
}

TEST_F(LogOpenerTest, ATitleOfTheWorkloadReplacesTheirs) {
  Create(kFirst, "theirs", {});
  LogOpener::Wish wish = WishFor("u", "7");
  wish.insists_on_title = true;
  EXPECT_EQ(Open(std::move(wish)).value(), kFirst);
  EXPECT_EQ(store.Stat(kFirst)->title, "ours");
}

TEST_F(LogOpenerTest, AnotherRolloutsLogAndAnEndedOneAreLeftAlone) {
  EXPECT_EQ(Open(WishFor("u", "6")).value(), kFirst);
  EXPECT_EQ(Open(WishFor("u", "7")).value(), kSecond);
  End(kFirst);
  End(kSecond);
  const auto third = Open(WishFor("u", "8"));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::kConflict);
}

TEST_F(LogOpenerTest, ItsOwnLogThatHasEndedIsNotBegunAgain) {
  EXPECT_EQ(Open(WishFor("u", "7")).value(), kFirst);
  End(kFirst);
  EXPECT_EQ(Open(WishFor("u", "7")).error().code, ErrorCode::kConflict);
  EXPECT_FALSE(store.Stat(kSecond));
}

TEST_F(LogOpenerTest, WhatIsCalledOffIsNotAnswered) {
  LogOpener::Wish wish = WishFor("u", "7");
  wish.done = [](const Result<LogKey>&) { FAIL(); };
  opener.Cancel(opener.Open(std::move(wish)));
  EXPECT_EQ(Open(WishFor("u", "7")).value(), kFirst);
}

}  // namespace
}  // namespace tailrace
