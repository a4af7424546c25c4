#include "access/change_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "access/private_file.h"

namespace tailrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Changer kJoe{.uid = 1000, .user = "joe", .sudo_user = {}};
const Changer kRoot{.uid = 0, .user = "root", .sudo_user = "ann"};
const AccessChange kAdded{"user added", {{"user", "eve"}, {"groups", "dev,ops"}}};
const AccessChange kRemoved{"user removed", {{"user", "eve"}}};
const AccessChange kToken{"token created",
                          {{"token", "0123"},
                           {"name", "ci"},
                           {"may", "write"},
                           {"logs", "deploy/*"},
                           {"expires", "never"}}};

// "what name=value …"
std::vector<std::string> Texts(const std::vector<AccessChange>& changes) {
  std::vector<std::string> texts;
  for (const AccessChange& change : changes) {
    std::string& text = texts.emplace_back(change.what);
    for (const auto& [name, value] : change.fields) text += " " + name + "=" + value;
  }
  return texts;
}

class ChangeJournalTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "tailrace-changes-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(ChangeJournalTest, KeepsWhatWasDoneByWhom) {
  EXPECT_THAT(ReadChanges(folder_), IsEmpty());
  ASSERT_TRUE(NoteChanges(folder_, kJoe, 0, {kAdded, kToken}));
  ASSERT_TRUE(NoteChanges(folder_, kRoot, 1'000'000'000, {kRemoved}));
  EXPECT_THAT(Texts(ReadChanges(folder_)),
              ElementsAre("user added user=eve groups=dev,ops by=joe uid=1000 "
                          "at=1970-01-01T00:00:00.000000000Z",
                          "token created token=0123 name=ci may=write logs=deploy/* expires=never "
                          "by=joe uid=1000 at=1970-01-01T00:00:00.000000000Z",
                          "user removed user=eve by=root uid=0 sudo_user=ann "
                          "at=1970-01-01T00:00:01.000000000Z"));
  struct stat status {};
  ASSERT_EQ(stat((folder_ + "/changes").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_TRUE(ForgetChanges(folder_));
  EXPECT_THAT(ReadChanges(folder_), IsEmpty());
  EXPECT_TRUE(ForgetChanges(folder_)) << "there is none";
}

TEST_F(ChangeJournalTest, TheOldestAreDropped) {
  const std::vector<AccessChange> many(kMaxNotedChanges, kAdded);
  ASSERT_TRUE(NoteChanges(folder_, kJoe, 0, many));
  ASSERT_TRUE(NoteChanges(folder_, kJoe, 0, {kRemoved}));
  const auto kept = ReadChanges(folder_);
  ASSERT_THAT(kept, SizeIs(kMaxNotedChanges));
  EXPECT_EQ(kept.front().what, "user added");
  EXPECT_EQ(kept.back().what, "user removed");
}

TEST_F(ChangeJournalTest, WhatCannotBeReadIsSaidAndReplaced) {
  for (const char* const text :
       {"nonsense", "tailrace-changes 1\nx\n",
        "tailrace-changes 1\nnever\t0\troot\t\tuser added\tuser=eve\t\t\t\t\n",
        "tailrace-changes 1\n1\t0\troot\t\tuser added\teve\t\t\t\t\n"}) {
    ASSERT_TRUE(WritePrivateFile(folder_ + "/changes", text));
    EXPECT_THAT(Texts(ReadChanges(folder_)), ElementsAre(HasSubstr("noted changes lost error=")))
        << text;
  }
  ASSERT_TRUE(WritePrivateFile(folder_ + "/changes", "nonsense"));
  ASSERT_TRUE(NoteChanges(folder_, kJoe, 0, {kAdded}));
  EXPECT_THAT(Texts(ReadChanges(folder_)), ElementsAre(HasSubstr("user added user=eve")));
}

TEST_F(ChangeJournalTest, WhatNobodyHasNotedIsToldToo) {
  ASSERT_TRUE(NoteChanges(folder_, kJoe, 0, {kAdded, kRemoved}));
  const AccessChange other{"user added", {{"user", "bob"}, {"groups", ""}}};
  const AccessChange both{"user changed", {{"user", "eve"}, {"groups", ""}}};
  EXPECT_THAT(Texts(MergeChanges(ReadChanges(folder_), {other, both, kToken})),
              ElementsAre(HasSubstr("user added user=eve"), HasSubstr("user removed user=eve"),
                          "user added user=bob groups= by=unknown",
                          "token created token=0123 name=ci may=write logs=deploy/* expires=never "
                          "by=unknown"));
}

TEST_F(ChangeJournalTest, ThisProcessIsAUserOfTheSystem) {
  setenv("SUDO_USER", "ann", 1);  // NOLINT(concurrency-mt-unsafe)
  const Changer changer = ThisChanger();
  EXPECT_EQ(changer.uid, getuid());
  EXPECT_TRUE(CheckUserName(changer.user)) << changer.user;
  EXPECT_EQ(changer.sudo_user, "ann");
  setenv("SUDO_USER", "a\tb\n", 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(ThisChanger().sudo_user, "");
  unsetenv("SUDO_USER");  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(ThisChanger().sudo_user, "");
}

}  // namespace
}  // namespace tailrace
