#include "store/mongodb/documents.h"

#include <bson/bson.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mongodb/handles.h"

namespace tailrace::mongo {
namespace {

using ::testing::HasSubstr;

constexpr TimeNs kTime = 1'700'000'000'123'456'789;

LogInfo Info(const std::string& id) {
  LogInfo info;
  info.key = {"deploy", id};
  info.number = 42;
  info.incarnation = "abcdefgh";
  return info;
}

std::string Json(const bson_t& bson) {
  size_t length = 0;
  char* const json = bson_as_relaxed_extended_json(&bson, &length);
  std::string text(json, length);
  bson_free(json);
  return text;
}

// Written, read and encoded again it has the same bytes.
void CheckEntry(const Entry& entry) {
  const BsonHandle document(bson_new());
  const EntryFacts facts{.position = 17, .text_offset = 5, .encoded_end = 9, .stored = kTime};
  WriteEntry(*document, Info("7"), IdForm::kNumber, facts, entry);
  ASSERT_TRUE(bson_validate(document.get(), BSON_VALIDATE_UTF8, nullptr) ||
              entry.text.find('\0') != std::string_view::npos);
  const auto read = ReadEntry(*document);
  ASSERT_TRUE(read.has_value());
  std::string before;
  std::string after;
  EncodeEntry(before, entry);
  EncodeEntry(after, read->entry);
  EXPECT_EQ(before, after) << Json(*document);
  EXPECT_EQ(read->facts.position, 17u);
  EXPECT_EQ(read->facts.text_offset, 5u);
  EXPECT_EQ(read->facts.encoded_end, 9u);
  EXPECT_EQ(read->facts.stored, kTime / 1'000'000 * 1'000'000);
}

TEST(EntryDocument, ComesBackAsItWent) {
  CheckEntry({.time = kTime, .text = "one"});
  CheckEntry({.time = 0, .text = ""});
  CheckEntry({.time = -1, .text = "before 1970"});
  CheckEntry({.time = -1'000'000, .text = "[DONE]"});
  CheckEntry({.time = kTime, .text = std::string_view("nul\0", 4)});
  CheckEntry({.time = kTime, .text = "ill\xff\xed\xa0\x80 formed"});
  CheckEntry({.time = kTime,
              .text = "all",
              .stream = "stderr",
              .source = "web/\xff",
              .level = "error",
              .fields = R"({"a.b":{"$c":1}})",
              .partial = true,
              .lost = 3});
  CheckEntry({.time = kTime, .text = "unknown", .lost = kLostUnknown});
}

TEST(EntryDocument, IsWhatAPortalReads) {
  const auto json = [](const std::string& id, IdForm form, std::string_view text) {
    const BsonHandle document(bson_new());
    WriteEntry(*document, Info(id), form, {}, {.text = text});
    return Json(*document);
  };
  EXPECT_THAT(json("7", IdForm::kNumber, "x"), HasSubstr(R"("id" : 7, "log" : "x")"));
  EXPECT_THAT(json("7", IdForm::kString, "x"), HasSubstr(R"("id" : "7", "log" : "x")"));
  for (const char* const id : {"07", "7a", "99999999999999999999"}) {
    EXPECT_THAT(json(id, IdForm::kNumber, "x"), HasSubstr("\"id\" : \"" + std::string(id) + "\""));
  }
  EXPECT_THAT(json("0", IdForm::kNumber, "x"), HasSubstr(R"("id" : 0, "log" : "x")"));
  EXPECT_THAT(json("7", IdForm::kNumber, "[DONE]"), HasSubstr(R"("log" : "[DONE] ")"));
  EXPECT_THAT(json("7", IdForm::kNumber, "a\xff"), HasSubstr("\"log\" : \"a\xef\xbf\xbd\""));
  const BsonHandle end(bson_new());
  WriteEnd(*end, Info("7"), IdForm::kNumber);
  EXPECT_THAT(Json(*end), HasSubstr(R"("id" : 7, "log" : "[DONE]")"));
}

TEST(EntryDocument, ThatSomebodyHasChangedIsNone) {
  const BsonHandle document(BCON_NEW("type", BCON_UTF8("deploy"), "log", BCON_UTF8("portal's")));
  EXPECT_EQ(ReadEntry(*document).error().code, ErrorCode::kCorrupt);
}

TEST(LogDocument, ComesBackAsItWent) {
  StoredLog log;
  log.state.info = Info("07");
  LogInfo& info = log.state.info;
  info.title = "T\xff";
  info.labels = {{"a.b", "$x"}, {"", "empty"}};
  info.first = 2;
  info.position = 9;
  info.bytes = 70;
  info.created = kTime;
  info.updated = kTime + 1;
  info.ended = kTime + 2;
  info.outcome = Outcome{.kind = OutcomeKind::kFailed, .exit_code = -3, .reason = "no\nway"};
  log.state.text_end = 90;
  log.state.encoded_first = 20;
  log.state.encoded_end = 120;
  log.state.producers = 4;
  log.state.memo_at = 5;
  log.version = 11;
  log.writer = "w";
  log.grown_from = 8;
  log.ends = true;
  const BsonHandle document(bson_new());
  WriteLog(*document, log);
  const auto read = ReadLog(*document);
  ASSERT_TRUE(read.has_value());
  const BsonHandle again(bson_new());
  WriteLog(*again, *read);
  EXPECT_EQ(Json(*document), Json(*again));
  EXPECT_EQ(read->state.memo_at, 5);
  EXPECT_EQ(read->state.info.labels, info.labels);
  EXPECT_EQ(read->state.info.outcome, info.outcome);
  EXPECT_EQ(read->state.info.ended, info.ended);
  EXPECT_EQ(read->state.info.title, info.title);
  EXPECT_EQ(read->state.encoded_end, 120u);
  EXPECT_EQ(read->version, 11u);
  EXPECT_TRUE(read->ends);
  EXPECT_FALSE(read->removed);
}

TEST(LogDocument, NamesWhatIsMissing) {
  const BsonHandle document(BCON_NEW("_id", BCON_UTF8("a/b"), "number", BCON_INT64(1)));
  const auto read = ReadLog(*document);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(read.error().message, HasSubstr("a/b"));
  EXPECT_THAT(read.error().message, HasSubstr("version"));
}

TEST(Ids, AreOrderedAsPositionsAre) {
  EXPECT_EQ(EntryId(42, 17), "000000000042.000000000017");
  EXPECT_LT(EntryId(42, 9), EntryId(42, 10));
  EXPECT_LT(EntryId(42, 999'999'999'999), EndId(42));
  EXPECT_LT(EndId(42), EntryId(43, 0));
  EXPECT_LT(ProducerId(42, ""), ProducerId(42, "~"));
  EXPECT_LT(ProducerId(42, "~"), ProducersEnd(42));
  EXPECT_LT(ProducersEnd(42), ProducerId(43, ""));
  EXPECT_LT(WriterId("zzz"), kWritersEnd);
}

}  // namespace
}  // namespace tailrace::mongo
