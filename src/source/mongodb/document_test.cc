#include "source/mongodb/document.h"

#include <bson/bson.h>
#include <gtest/gtest.h>

#include "mongodb/handles.h"

namespace tailrace {
namespace {

MongoDocument Read(const std::string& json) {
  bson_error_t error;
  const BsonHandle bson(bson_new_from_json(reinterpret_cast<const uint8_t*>(json.data()),
                                           static_cast<ssize_t>(json.size()), &error));
  EXPECT_FALSE(bson == nullptr) << error.message;
  return ReadDocument(*bson);
}

std::string WithId(const std::string& id) {
  return R"({"_id":{"$oid":"65f0a1b2c3d4e5f601234567"},"type":"deploy","id":)" + id +
         R"(,"log":"x"})";
}

TEST(MongoDocument, IsAnEntryOfItsLog) {
  const MongoDocument document =
      Read(R"({"_id":{"$oid":"65f0a1b2c3d4e5f601234567"},"type":"deploy","id":"42","log":"a\nb\r",)"
           R"("host":"web-1","n":7})");
  ASSERT_TRUE(document.key);
  EXPECT_EQ(document.key->Path(), "deploy/42");
  EXPECT_EQ(document.text, "a\nb\r");
  EXPECT_FALSE(document.done);
  EXPECT_EQ(document.time, 0x65f0a1b2LL * 1'000'000'000);
  EXPECT_EQ(document.fields, R"({"_id":{"$oid":"65f0a1b2c3d4e5f601234567"},"host":"web-1","n":7})");
}

TEST(MongoDocument, EverySpellingOfANumberIsOneLog) {
  for (const char* const id : {"\"42\"", "42", "{\"$numberLong\":\"42\"}", "42.0"}) {
    const MongoDocument document = Read(WithId(id));
    ASSERT_TRUE(document.key) << id << ": " << document.problem;
    EXPECT_EQ(document.key->Path(), "deploy/42") << id;
  }
}

TEST(MongoDocument, NamesThatCannotBeALog) {
  for (const char* const id : {"42.5", "-1", "true", "null", "\"a b\"", "\"\"", "1e300",
                               "{\"$oid\":\"65f0a1b2c3d4e5f601234567\"}"}) {
    const MongoDocument document = Read(WithId(id));
    EXPECT_FALSE(document.key) << id;
    EXPECT_FALSE(document.problem.empty()) << id;
  }
  EXPECT_FALSE(Read(R"({"_id":1,"id":"42","log":"x"})").key);
  EXPECT_FALSE(Read(R"({"_id":1,"type":7,"id":"42","log":"x"})").key);
}

TEST(MongoDocument, OnlyDoneAloneIsTheEnd) {
  const auto done = [](const std::string& log) {
    return Read(R"({"_id":1,"type":"a","id":"b","log":)" + log + "}").done;
  };
  EXPECT_TRUE(done("\"[DONE]\""));
  EXPECT_FALSE(done("\"[DONE] \""));
  EXPECT_FALSE(done("\"[done]\""));
  EXPECT_FALSE(done("[\"DONE\"]"));
}

TEST(MongoDocument, ALogThatIsNoStringCountsAllTheSame) {
  EXPECT_EQ(Read(R"({"_id":1,"type":"a","id":"b"})").text, "");
  EXPECT_EQ(Read(R"({"_id":1,"type":"a","id":"b","log":5})").text, "5");
  EXPECT_EQ(Read(R"({"_id":1,"type":"a","id":"b","log":null})").text, "null");
}

TEST(MongoDocument, FieldsAreBounded) {
  const MongoDocument document = Read(R"({"_id":1,"type":"a","id":"b","log":"","big":")" +
                                      std::string(kMaxFieldsBytes, 'x') + R"(","small":1})");
  EXPECT_EQ(document.fields, R"({"_id":1,"small":1,"$omitted":1})");
}

TEST(MongoDocument, PlaceInTheCollectionIsNoField) {
  const MongoDocument document =
      Read(R"({"_id":1,"type":"a","id":"b","log":"","$recordId":{"$numberLong":"77"}})");
  EXPECT_EQ(document.order, 77);
  EXPECT_EQ(document.fields, R"({"_id":1})");
}

TEST(MongoDocument, SecretsAreMaskedButNotTheId) {
  const auto mask = [](std::string& text) {
    for (size_t at = 0; (at = text.find("secret", at)) != std::string::npos;) {
      text.replace(at, 6, "***");
    }
  };
  MongoDocument document =
      Read(R"({"_id":"secret","type":"a","id":"b","log":"a secret","key":"secret"})");
  MaskDocument(document, mask);
  EXPECT_EQ(document.text, "a ***");
  EXPECT_EQ(document.fields, R"({"_id":"secret","key":"***"})");
  MongoDocument broken = Read(R"({"_id":1,"type":"a","id":"b","log":"","secret":"x"})");
  MaskDocument(broken, [](std::string& text) { text = "\""; });
  EXPECT_EQ(broken.fields, R"({"_id":1,"redacted":true})");
}

TEST(HashDocumentId, IsOfTheIdAlone) {
  const auto hash = HashDocumentId(R"({"_id":{"$oid":"65f0a1b2c3d4e5f601234567"},"n":7})");
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash, HashDocumentId(R"({"_id":{"$oid":"65f0a1b2c3d4e5f601234567"}})"));
  EXPECT_NE(hash, HashDocumentId(R"({"_id":{"$oid":"65f0a1b2c3d4e5f601234568"}})"));
  EXPECT_EQ(hash, Read(WithId("1")).id_hash);
  EXPECT_NE(HashDocumentId(R"({"_id":"a,b\"}","c":1})"), HashDocumentId(R"({"_id":"a","c":1})"));
  EXPECT_EQ(HashDocumentId(R"({"_id":"a,b\"}","c":1})"), HashDocumentId(R"({"_id":"a,b\"}"})"));
}

TEST(HashDocumentId, OtherEntriesHaveNone) {
  for (const char* const fields : {"", "{}", "{\"id\":1}", "{\"_id\":", "{\"_id\":\"x"}) {
    EXPECT_FALSE(HashDocumentId(fields)) << fields;
  }
}

}  // namespace
}  // namespace tailrace
