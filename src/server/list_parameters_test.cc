#include "server/list_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/request.h"

namespace tailrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeNs kHour = TimeNs{3600} * 1'000'000'000;

ListParameters Parsed(std::string_view text) {
  return *ParseListParameters(*ParseQuery(text));
}

std::string Refused(std::string_view text) {
  const auto parameters = ParseListParameters(*ParseQuery(text));
  return parameters ? "nothing" : parameters.error().field;
}

LogInfo Info(std::string id, std::string title, TimeNs created) {
  LogInfo info;
  info.key = {.type = "deploy", .id = std::move(id)};
  info.title = std::move(title);
  info.created = created;
  return info;
}

// Lists as a store does: `visible` is asked about one log after the other.
class ListedStore final : public LogStore {
 public:
  std::vector<LogInfo> logs;  // newest first

  Result<ListAnswer> List(const ListQuery& query) override {
    ListAnswer answer{.next = "more"};
    for (const LogInfo& info : logs) {
      if (query.visible(info)) answer.logs.push_back(info);
    }
    return answer;
  }
  void Append(AppendRequest) override {}
  void Create(CreateRequest) override {}
  void End(EndRequest) override {}
  void Remove(RemoveRequest) override {}
  Result<LogInfo> Stat(const LogKey&) override { return Fail(ErrorCode::kNotFound, ""); }
  Result<ReadAnswer> Read(const LogKey&, Position, size_t) override { return ReadAnswer(); }
  Result<Position> FindTextOffset(const LogKey&, uint64_t) override { return Position{0}; }
  Result<void> ApplyRetention() override { return {}; }
  StoreStats Stats() const override { return {}; }
  void SetCommitListener(CommitListener) override {}
};

std::vector<std::string> Listed(ListedStore& store, std::string_view text, std::string& next) {
  const auto answer = ListLogs(store, Parsed(text));
  std::vector<std::string> ids;
  for (const LogInfo& info : answer->logs) ids.push_back(info.key.id);
  next = answer->next;
  return ids;
}

TEST(ListParameters, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(Refused("state=closed"), "state");
  EXPECT_EQ(Refused("label=env"), "label");
  EXPECT_EQ(Refused("label=%3Dx"), "label");
  EXPECT_EQ(Refused("limit=0"), "limit");
  EXPECT_EQ(Refused("limit=1001"), "limit");
  EXPECT_EQ(Refused("outcome=broken"), "outcome");
  EXPECT_EQ(Refused("since=2h"), "since");
  EXPECT_EQ(Refused("until=2026-11-23"), "until");
  EXPECT_EQ(Refused("state=&outcome=&since=&until=&type=&q=&id=&title="), "nothing");
}

TEST(ListParameters, AnOutcomeIsOneOfEndedLogs) {
  EXPECT_EQ(Parsed("outcome=lost").query.ended, true);
  EXPECT_EQ(Parsed("outcome=lost&state=open").query.ended, false);
  ListConditions conditions{.outcome = OutcomeKind::kLost};
  LogInfo info = Info("1", "", 0);
  EXPECT_FALSE(conditions.Fit(info));
  info.outcome = Outcome{.kind = OutcomeKind::kFailed};
  EXPECT_FALSE(conditions.Fit(info));
  info.outcome = Outcome{.kind = OutcomeKind::kLost};
  EXPECT_TRUE(conditions.Fit(info));
}

TEST(ListParameters, EachWordStandsInTheNameOrInTheTitle) {
  ListedStore store;
  store.logs = {Info("Web-1", "Roll out", 3), Info("db-1", "roll back the web", 2),
                Info("42", "Web", 1)};
  std::string next;
  EXPECT_THAT(Listed(store, "q=web", next), ElementsAre("Web-1", "db-1", "42"));
  EXPECT_THAT(Listed(store, "q=web&q=ROLL&q=", next), ElementsAre("Web-1", "db-1"));
  EXPECT_THAT(Listed(store, "q=y/w", next), ElementsAre("Web-1"));
  EXPECT_THAT(Listed(store, "id=web", next), ElementsAre("Web-1"));
  EXPECT_THAT(Listed(store, "title=web", next), ElementsAre("db-1", "42"));
  EXPECT_THAT(Listed(store, "title=web&id=4", next), ElementsAre("42"));
  EXPECT_EQ(next, "more");
}

TEST(ListParameters, SinceIsTheFirstMomentAndUntilTheFirstBehind) {
  const ListConditions conditions =
      Parsed("since=2026-11-23T06:00:00Z&until=2026-11-23T08:00:00%2B01:00").conditions;
  const TimeNs since = *ParseRfc3339("2026-11-23T06:00:00Z");
  EXPECT_FALSE(conditions.Fit(Info("1", "", since - 1)));
  EXPECT_TRUE(conditions.Fit(Info("1", "", since)));
  EXPECT_TRUE(conditions.Fit(Info("1", "", since + kHour - 1)));
  EXPECT_FALSE(conditions.Fit(Info("1", "", since + kHour)));
}

TEST(ListParameters, BehindSinceIsNoFurtherPageButForAClockThatWentBack) {
  const TimeNs since = *ParseRfc3339("2026-11-23T06:00:00Z");
  ListedStore store;
  std::string next;
  store.logs = {Info("3", "", since + 5), Info("2", "", since - kHour), Info("1", "", since)};
  EXPECT_THAT(Listed(store, "since=2026-11-23T06:00:00Z", next), ElementsAre("3", "1"));
  EXPECT_EQ(next, "more");
  store.logs.push_back(Info("0", "", since - kHour - 1));
  EXPECT_THAT(Listed(store, "since=2026-11-23T06:00:00Z", next), ElementsAre("3", "1"));
  EXPECT_EQ(next, "");
  EXPECT_FALSE(ListConditions().EndAt(Info("0", "", INT64_MIN)));
}

TEST(ListParameters, WhatAReaderMayNotSeeFitsNothing) {
  ListedStore store;
  store.logs = {Info("1", "", 1)};
  ListParameters parameters = Parsed("q=1");
  parameters.query.visible = [](const LogInfo&) { return false; };
  EXPECT_THAT(ListLogs(store, parameters)->logs, IsEmpty());
}

}  // namespace
}  // namespace tailrace
