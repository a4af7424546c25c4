// Writing, producers, removal: part of conformance_test.h.
#pragma once

#include "store/conformance_fixture.h"

namespace tailrace::testing {

template <typename Driver>
class StoreAppends : public StoreConformance<Driver> {};
TYPED_TEST_SUITE_P(StoreAppends);

TYPED_TEST_P(StoreAppends, AppendCreatesTheLogAndGivesPositions) {
  this->Open();
  const auto first = AppendNow(this->store(), kWeb, {"a", "b"});
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->position, 2u);
  EXPECT_EQ(first->stored, 2u);
  EXPECT_GE(first->incarnation.size(), 6u);
  const auto second = AppendNow(this->store(), kWeb, {"c"});
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->position, 3u);
  EXPECT_EQ(second->incarnation, first->incarnation);
  const auto info = this->store().Stat(kWeb);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->position, 3u);
  EXPECT_EQ(info->first, 0u);
  EXPECT_EQ(info->bytes, 6u);
  EXPECT_EQ(info->created, kTestTime);
  EXPECT_EQ(info->incarnation, first->incarnation);
  EXPECT_FALSE(info->HasEnded());
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("a", "b", "c"));
}

TYPED_TEST_P(StoreAppends, UnknownLogsAreNotFound) {
  this->Open();
  EXPECT_EQ(this->store().Stat(kWeb).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store().Read(kWeb, 0, 100).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store().FindTextOffset(kWeb, 0).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(EndNow(this->store(), kWeb, {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(RemoveNow(this->store(), kWeb).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(this->TakeCommits(), IsEmpty());
}

TYPED_TEST_P(StoreAppends, BadInputNamesTheField) {
  this->Open();
  AppendRequest request = MakeAppend(LogKey{"no/slash", "x"}, {"a"});
  EXPECT_EQ(AppendNow(this->store(), std::move(request)).error().code, ErrorCode::kInvalid);
  request = MakeAppend(kWeb, {"a"});
  request.producer = ProducerMark{"caf\xc3\xa9", 0};
  const auto producer = AppendNow(this->store(), std::move(request));
  EXPECT_EQ(producer.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(producer.error().message, HasSubstr("producer"));
  const auto title = CreateNow(this->store(), kWeb, std::string(kMaxTitleBytes + 1, 'x'));
  EXPECT_EQ(title.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(title.error().message, HasSubstr("title"));
  Outcome outcome;
  outcome.reason.assign(kMaxReasonBytes + 1, 'x');
  EXPECT_EQ(EndNow(this->store(), kWeb, outcome).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(this->store().Stat(kWeb).error().code, ErrorCode::kNotFound);
}

TYPED_TEST_P(StoreAppends, HostileTextComesBackAsItWent) {
  this->Open();
  std::vector<std::string> texts = {"", std::string("\0\r\n\r\xff\xfe", 6), "data: x\n\nid: 9",
                                    std::string(3 << 20, 'x')};
  ASSERT_TRUE(AppendNow(this->store(), kWeb, texts).has_value());
  EXPECT_EQ(*ReadAll(this->store(), kWeb), texts);
}

TYPED_TEST_P(StoreAppends, CreateIsIdempotentAndReplacesWhatIsGiven) {
  this->Open();
  const auto made = CreateNow(this->store(), kWeb, "Title", Labels{{"team", "core"}});
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(made->created);
  EXPECT_EQ(made->info.title, "Title");
  const auto again = CreateNow(this->store(), kWeb);
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->info.title, "Title");
  EXPECT_EQ(again->info.incarnation, made->info.incarnation);
  this->clock_.Advance(kSecond);
  const auto renamed = CreateNow(this->store(), kWeb, "Other");
  EXPECT_EQ(renamed->info.title, "Other");
  EXPECT_EQ(renamed->info.labels, (Labels{{"team", "core"}}));
  EXPECT_EQ(renamed->info.updated, kTestTime + kSecond);
  EXPECT_EQ(this->store().Stat(kWeb)->title, "Other");
  EXPECT_THAT(this->TakeCommits(), SizeIs(2));  // the middle one changed nothing
}

TYPED_TEST_P(StoreAppends, CreateMayLeaveALogThatIsThereAsItIs) {
  this->Open();
  const auto create = [this](std::string title) {
    return CreateNow(this->store(), kWeb, std::move(title), {}, true);
  };
  EXPECT_EQ(create("Title")->info.title, "Title");
  const auto again = create("Other");
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->info.title, "Title");
  EXPECT_EQ(this->store().Stat(kWeb)->title, "Title");
}

inline CreateRequest::Answer CreateBySource(LogStore& store, Labels labels) {
  auto [done, answer] = Promise<CreateRequest::Answer>();
  store.Create({.key = kWeb,
                .title = "Its title",
                .labels = std::move(labels),
                .done = std::move(done),
                .from_source = true});
  return answer.get().value();
}

TYPED_TEST_P(StoreAppends, ASourcesLogIsNobodyElses) {
  this->Open();
  const Labels labels = {{"uid", "u"}, {kWriterLabel, std::string(kWriterAlone)}};
  CreateBySource(this->store(), labels);
  const LogInfo made = this->store().Stat(kWeb).value();
  EXPECT_EQ(AppendNow(this->store(), kWeb, {"x"}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(EndNow(this->store(), kWeb, Outcome{}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(CreateNow(this->store(), kWeb, "Other").error().code, ErrorCode::kConflict);
  for (const Labels& theirs :
       {Labels{{"uid", "v"}}, Labels{{"team", "x"}}, Labels{{"uid", "u"}, {kWriterLabel, ""}}}) {
    const auto answer = CreateNow(this->store(), kWeb, {}, theirs);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kConflict);
  }
  EXPECT_FALSE(CreateNow(this->store(), kWeb, "Its title", Labels{{"uid", "u"}})->created);
  EXPECT_FALSE(CreateNow(this->store(), kWeb, {}, Labels{})->created);
  EXPECT_EQ(this->store().Stat(kWeb).value().labels, labels);
  EXPECT_EQ(this->store().Stat(kWeb).value().updated, made.updated);

  AppendRequest its = MakeAppend(kWeb, {"one"});
  its.from_source = true;
  its.end = Outcome{};
  EXPECT_TRUE(AppendNow(this->store(), std::move(its)).has_value());
  EXPECT_EQ(*ReadAll(this->store(), kWeb), std::vector<std::string>{"one"});
  EXPECT_TRUE(EndNow(this->store(), kWeb, Outcome{}).has_value());  // changes nothing
  EXPECT_FALSE(CreateNow(this->store(), kWeb, {}, Labels{{"uid", "v"}}));
}

TYPED_TEST_P(StoreAppends, ALogThatASourceHasJoinedKeepsItsLabels) {
  this->Open();
  EXPECT_EQ(CreateNow(this->store(), kWeb, {}, Labels{{kWriterLabel, "x"}}).error().field,
            "labels");
  CreateNow(this->store(), kWeb, "Theirs", Labels{{"ticket", "1"}}).value();
  CreateBySource(this->store(),
                 {{"ticket", "1"}, {"uid", "u"}, {kWriterLabel, std::string(kWriterAmongOthers)}});
  EXPECT_FALSE(CreateNow(this->store(), kWeb, {}, Labels{{"uid", "v"}}));
  EXPECT_TRUE(CreateNow(this->store(), kWeb, "Other", Labels{{"more", "2"}}).has_value());
  const LogInfo info = this->store().Stat(kWeb).value();
  EXPECT_EQ(info.title, "Other");
  EXPECT_EQ(info.labels, (Labels{{"ticket", "1"},
                                 {"more", "2"},
                                 {"uid", "u"},
                                 {kWriterLabel, std::string(kWriterAmongOthers)}}));
  EXPECT_TRUE(AppendNow(this->store(), kWeb, {"theirs"}).has_value());
  EXPECT_TRUE(EndNow(this->store(), kWeb, Outcome{}).has_value());
}

TYPED_TEST_P(StoreAppends, EmptyRunsCreateAndEnd) {
  this->Open();
  const auto made = AppendNow(this->store(), kWeb, {});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->position, 0u);
  EXPECT_THAT(this->store().Read(kWeb, 0, 100)->items, IsEmpty());
  AppendRequest request = MakeAppend(kWeb, {});
  request.end = Outcome{.kind = OutcomeKind::kFailed, .exit_code = -3, .reason = "no\nway"};
  ASSERT_TRUE(AppendNow(this->store(), request).has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->outcome, request.end);
  ASSERT_TRUE(AppendNow(this->store(), request).has_value());
  const auto commits = this->TakeCommits();
  ASSERT_THAT(commits, SizeIs(2));
  EXPECT_TRUE(commits[0].created);
  EXPECT_FALSE(commits[0].ended);
  EXPECT_TRUE(commits[1].ended);
  EXPECT_THAT(commits[1].chunks, IsEmpty());
}

TYPED_TEST_P(StoreAppends, AnEndedLogTakesNothingMore) {
  this->Open();
  AppendRequest request = MakeAppend(kWeb, {"last"});
  request.end = Outcome{};
  this->clock_.Advance(kSecond);
  ASSERT_TRUE(AppendNow(this->store(), std::move(request)).has_value());
  EXPECT_EQ(this->store().Stat(kWeb)->ended, kTestTime + kSecond);
  EXPECT_EQ(AppendNow(this->store(), kWeb, {"more"}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(AppendNow(this->store(), kWeb, {}).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(EndNow(this->store(), kWeb, Outcome{}).has_value());
  const auto other = EndNow(this->store(), kWeb, Outcome{.kind = OutcomeKind::kFailed});
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
  EXPECT_FALSE(other.error().has_expected);
  EXPECT_TRUE(CreateNow(this->store(), kWeb, "late title").has_value());
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("last"));
}

TYPED_TEST_P(StoreAppends, ProducersMayRepeatAnything) {
  this->Open();
  const auto first = AppendNow(this->store(), this->FromProducer(0, {"a", "b"}));
  ASSERT_TRUE(first.has_value());
  const auto same = AppendNow(this->store(), this->FromProducer(0, {"a", "b"}));
  EXPECT_EQ(same->position, 2u);
  EXPECT_EQ(same->stored, 2u);
  EXPECT_EQ(same->incarnation, first->incarnation);
  const auto overlap = AppendNow(this->store(), this->FromProducer(1, {"b", "c", "d"}));
  EXPECT_EQ(overlap->position, 4u);
  EXPECT_EQ(overlap->stored, 3u);
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(this->store().Stat(kWeb)->bytes, 8u);
  // Others do not count: neither plain appends nor another producer.
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"x"}).has_value());
  const auto ahead = AppendNow(this->store(), this->FromProducer(5, {"e"}));
  EXPECT_EQ(ahead.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(ahead.error().has_expected);
  EXPECT_EQ(ahead.error().expected, 4u);
  if (TypeParam::kDurable) this->Reopen();
  EXPECT_EQ(AppendNow(this->store(), this->FromProducer(2, {"c", "d"}))->position, 5u);
  EXPECT_EQ(AppendNow(this->store(), this->FromProducer(4, {"e"}))->position, 6u);
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("a", "b", "c", "d", "x", "e"));
}

TYPED_TEST_P(StoreAppends, ASequenceAheadCreatesNothing) {
  this->Open();
  const auto ahead = AppendNow(this->store(), this->FromProducer(3, {"x"}));
  EXPECT_EQ(ahead.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(ahead.error().has_expected);
  EXPECT_EQ(ahead.error().expected, 0u);
  EXPECT_EQ(this->store().Stat(kWeb).error().code, ErrorCode::kNotFound);
}

TYPED_TEST_P(StoreAppends, RepetitionOnAnEndedLog) {
  this->Open();
  AppendRequest request = this->FromProducer(0, {"a", "b"});
  request.end = Outcome{.kind = OutcomeKind::kCancelled};
  ASSERT_TRUE(AppendNow(this->store(), request).has_value());
  if (TypeParam::kDurable) this->Reopen();
  EXPECT_EQ(AppendNow(this->store(), request)->stored, 2u);
  EXPECT_EQ(AppendNow(this->store(), this->FromProducer(1, {"b"}))->position, 2u);
  EXPECT_EQ(AppendNow(this->store(), this->FromProducer(1, {"b", "c"})).error().code,
            ErrorCode::kConflict);
  request.end = Outcome{.kind = OutcomeKind::kFailed};
  EXPECT_EQ(AppendNow(this->store(), request).error().code, ErrorCode::kConflict);
}

TYPED_TEST_P(StoreAppends, ALogHasSoManyProducers) {
  this->Open();
  std::vector<std::future<Result<AppendAnswer>>> answers;
  for (size_t i = 0; i <= kMaxProducersPerLog; ++i) {
    AppendRequest request = MakeAppend(kWeb, {"x"});
    request.producer = ProducerMark{"p" + std::to_string(i), 0};
    answers.push_back(AppendLater(this->store(), std::move(request)));
  }
  for (size_t i = 0; i < kMaxProducersPerLog; ++i) ASSERT_TRUE(answers[i].get().has_value());
  EXPECT_EQ(answers.back().get().error().code, ErrorCode::kTooLarge);
  AppendRequest known = MakeAppend(kWeb, {"x", "y"});
  known.producer = ProducerMark{"p0", 0};
  EXPECT_EQ(AppendNow(this->store(), std::move(known))->position, kMaxProducersPerLog + 1);
}

TYPED_TEST_P(StoreAppends, ARemovedLogComesBackAsAnother) {
  this->Open();
  const auto old = AppendNow(this->store(), this->FromProducer(0, {"old", "old"}));
  const uint64_t number = this->store().Stat(kWeb)->number;
  const auto removed = RemoveNow(this->store(), kWeb);
  ASSERT_TRUE(removed.has_value());
  EXPECT_EQ(removed->position, 2u);
  EXPECT_EQ(this->store().Stat(kWeb).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(this->ListIds({}), IsEmpty());
  const auto fresh = AppendNow(this->store(), this->FromProducer(0, {"new"}));
  ASSERT_TRUE(fresh.has_value());
  EXPECT_NE(fresh->incarnation, old->incarnation);
  EXPECT_EQ(fresh->position, 1u);
  EXPECT_GT(this->store().Stat(kWeb)->number, number);
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("new"));
  const auto commits = this->TakeCommits();
  ASSERT_THAT(commits, SizeIs(3));
  EXPECT_EQ(commits[1].kind, Commit::Kind::kRemoved);
  EXPECT_EQ(commits[1].info->incarnation, old->incarnation);
  EXPECT_EQ(this->store().Stats().logs, 1u);
}

TYPED_TEST_P(StoreAppends, RemoveAndAppendAtOnceKeepTheirOrder) {
  this->Open();
  std::vector<std::future<Result<AppendAnswer>>> appended;
  std::vector<std::future<Result<LogInfo>>> removed;
  for (int i = 0; i < 20; ++i) {
    appended.push_back(AppendLater(this->store(), MakeAppend(kWeb, {std::to_string(i), "x"})));
    auto [done, answer] = Promise<LogInfo>();
    this->store().Remove({kWeb, std::move(done)});
    removed.push_back(std::move(answer));
  }
  ASSERT_TRUE(AppendNow(this->store(), kWeb, {"after"}).has_value());
  std::string incarnation;
  for (int i = 0; i < 20; ++i) {
    const auto answer = appended[i].get();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->position, 2u);
    EXPECT_NE(answer->incarnation, incarnation);
    incarnation = answer->incarnation;
    const auto gone = removed[i].get();
    ASSERT_TRUE(gone.has_value());
    EXPECT_EQ(gone->incarnation, incarnation);
  }
  EXPECT_THAT(*ReadAll(this->store(), kWeb), ElementsAre("after"));
  for (const Commit& commit : this->TakeCommits()) {
    EXPECT_EQ(commit.kind == Commit::Kind::kRemoved, !commit.created);
  }
}

REGISTER_TYPED_TEST_SUITE_P(StoreAppends, AppendCreatesTheLogAndGivesPositions,
                            UnknownLogsAreNotFound, BadInputNamesTheField,
                            HostileTextComesBackAsItWent, CreateIsIdempotentAndReplacesWhatIsGiven,
                            CreateMayLeaveALogThatIsThereAsItIs, ASourcesLogIsNobodyElses,
                            ALogThatASourceHasJoinedKeepsItsLabels, EmptyRunsCreateAndEnd,
                            AnEndedLogTakesNothingMore, ProducersMayRepeatAnything,
                            ASequenceAheadCreatesNothing, RepetitionOnAnEndedLog,
                            ALogHasSoManyProducers, ARemovedLogComesBackAsAnother,
                            RemoveAndAppendAtOnceKeepTheirOrder);

}  // namespace tailrace::testing
