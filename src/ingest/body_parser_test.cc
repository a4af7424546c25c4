#include "ingest/body_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "ingest/redactor.h"

namespace tailrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using std::string_view_literals::operator""sv;

constexpr TimeNs kNow = 1000;

struct Outcome {
  std::string encoded;
  std::string error;
  std::string field;
  std::optional<ErrorCode> code;
  bool operator==(const Outcome&) const = default;
};

Outcome Feed(std::string_view type, std::string_view body, size_t piece, const BodyLimits& limits) {
  const auto parser = MakeBodyParser(type, limits);
  EntryRun run;
  Result<void> result;
  while (result && !body.empty()) {
    // Freed after each call: nothing may be kept of it.
    const auto part = std::make_unique<std::string>(body.substr(0, piece));
    result = parser->Feed(*part, kNow, run);
    body.remove_prefix(part->size());
  }
  if (result) result = parser->Finish(kNow, run);
  Outcome outcome{.encoded = run.encoded};
  if (!result) {
    outcome.error = result.error().message;
    outcome.field = result.error().field;
    outcome.code = result.error().code;
  }
  return outcome;
}

// The same, however it is cut.
Outcome FeedAllWays(std::string_view type, std::string_view body, const BodyLimits& limits = {}) {
  const Outcome whole = Feed(type, body, body.size() + 1, limits);
  for (const size_t piece : {1u, 2u, 3u, 5u, 64u}) {
    EXPECT_EQ(Feed(type, body, piece, limits), whole) << "pieces of " << piece;
  }
  return whole;
}

// Texts; a partial one ends with "~".
std::vector<std::string> Texts(const Outcome& outcome) {
  std::vector<std::string> texts;
  EntryReader reader(outcome.encoded);
  Entry entry;
  while (reader.Next(entry)) {
    texts.push_back(std::string(entry.text) + (entry.partial ? "~" : ""));
  }
  EXPECT_FALSE(reader.Corrupt());
  return texts;
}

std::vector<std::string> TextLines(std::string_view body, const BodyLimits& limits = {}) {
  const Outcome outcome = FeedAllWays("text/plain", body, limits);
  EXPECT_EQ(outcome.error, "");
  return Texts(outcome);
}

// The only entry of a JSON body, as in a page.
std::string OneEntry(std::string_view json) {
  for (const std::string_view type : {"application/json", "application/x-ndjson"}) {
    const Outcome outcome = FeedAllWays(type, json);
    EXPECT_EQ(outcome.error, "") << json;
    EntryReader reader(outcome.encoded);
    Entry entry;
    EXPECT_TRUE(reader.Next(entry)) << json;
    if (type != "application/json") {
      std::string out;
      AppendEntryJson(out, 0, entry);
      EXPECT_FALSE(reader.Next(entry)) << json;
      return out;
    }
  }
  return "";
}

TEST(BodyParser, MediaTypes) {
  for (const std::string_view good :
       {"", "text/plain", "Text/Plain; charset=utf-8", " text/plain ;x", "application/json",
        "application/json;charset=UTF-8", "application/x-ndjson", "application/jsonl",
        "application/x-www-form-urlencoded"}) {
    EXPECT_NE(MakeBodyParser(good, {}), nullptr) << good;
  }
  for (const std::string_view bad : {"text/html", "application/xml", "text",
                                     "multipart/form-data; boundary=x", "json", "text/plainx"}) {
    EXPECT_EQ(MakeBodyParser(bad, {}), nullptr) << bad;
  }
}

TEST(BodyParser, TextIsALineAnEntry) {
  EXPECT_THAT(TextLines(""), ElementsAre());
  EXPECT_THAT(TextLines("\n"), ElementsAre(""));
  EXPECT_THAT(TextLines("a"), ElementsAre("a"));
  EXPECT_THAT(TextLines("a\n"), ElementsAre("a"));
  EXPECT_THAT(TextLines("a\r\n\r\nb\n\n"), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(TextLines("a\rb\nc\r\r\nd\r"), ElementsAre("a\rb", "c\r", "d\r"));
  EXPECT_THAT(TextLines("\r"), ElementsAre("\r"));
  EXPECT_THAT(TextLines(" \0\xFF\t\n"sv), ElementsAre(std::string(" \0\xFF\t", 4)));
}

TEST(BodyParser, LongLinesAreSplitNotCut) {
  const BodyLimits limits{.entry_bytes = 8};
  EXPECT_THAT(TextLines("12345678\n", limits), ElementsAre("12345678"));
  EXPECT_THAT(TextLines("12345678\r\n", limits), ElementsAre("12345678"));
  EXPECT_THAT(TextLines("12345678\r", limits), ElementsAre("12345678~", "\r"));
  EXPECT_THAT(TextLines("123456789\n", limits), ElementsAre("12345678~", "9"));
  EXPECT_THAT(TextLines("12345678\r\r\n", limits), ElementsAre("12345678~", "\r"));
  EXPECT_THAT(TextLines("1234567890123456\r\nx", limits),
              ElementsAre("12345678~", "90123456", "x"));
  EXPECT_THAT(TextLines("1234567890123456789", limits),
              ElementsAre("12345678~", "90123456~", "789"));
  // U+20AC lies across the limit; then only parts of it.
  EXPECT_THAT(TextLines("123456\xE2\x82\xAC"
                        "9",
                        limits),
              ElementsAre("123456~",
                          "\xE2\x82\xAC"
                          "9"));
  EXPECT_THAT(TextLines("12345\xE2\x82\xAC"
                        "9",
                        limits),
              ElementsAre("12345\xE2\x82\xAC~", "9"));
  EXPECT_THAT(TextLines("1234567\xE2\x82", limits), ElementsAre("1234567\xE2~", "\x82"));
  EXPECT_THAT(TextLines("1234567\xE2\x82\n\xAC", limits),
              ElementsAre("1234567\xE2~", "\x82", "\xAC"));
  EXPECT_THAT(TextLines("12345\xF0\x9F\x9A\x80\r\n", limits),
              ElementsAre("12345~", "\xF0\x9F\x9A\x80"));
  EXPECT_THAT(TextLines("\x80\x80\x80\x80\x80\x80\x80\x80\x80", limits),
              ElementsAre("\x80\x80\x80\x80\x80\x80\x80\x80~", "\x80"));
}

TEST(BodyParser, SplitTextIsWholeAgain) {
  const uint64_t seed = 11;
  SeededRandom random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string body;
    for (uint64_t i = random.Between(0, 60); i > 0; --i) {
      static constexpr std::string_view kParts[] = {
          "a", "\r", "\n", "\xE2\x82\xAC", "\xE2", "\x80", "\xF0\x9F\x9A\x80", "bcdef"};
      body.append(kParts[random.Next() % std::size(kParts)]);
    }
    const Outcome outcome = FeedAllWays("", body, {.entry_bytes = 5});
    std::string joined;
    for (std::string text : Texts(outcome)) {
      const bool partial = text.ends_with('~');
      if (partial) text.pop_back();
      EXPECT_LE(text.size(), 5u);
      joined += text + (partial ? "" : "\n");
    }
    std::string expected;
    for (size_t i = 0; i < body.size(); ++i) {
      if (body[i] != '\r' || i + 1 == body.size() || body[i + 1] != '\n') expected += body[i];
    }
    if (!expected.empty() && expected.back() != '\n') expected += '\n';
    EXPECT_EQ(joined, expected) << "seed " << seed << " round " << round;
  }
}

TEST(BodyParser, JsonMembers) {
  EXPECT_EQ(OneEntry(R"({"text":"x"})"),
            R"({"n":0,"time":"1970-01-01T00:00:00.000001000Z","text":"x"})");
  EXPECT_EQ(
      OneEntry(R"( {"time":"2026-11-23T06:33:00.5+01:00","text":"\u00e9\n","stream":"stderr",)"
               R"("source":"s","level":"warn","partial":true,"lost":3} )"),
      R"({"n":0,"time":"2026-11-23T05:33:00.500000000Z","stream":"stderr","source":"s",)"
      R"("level":"warn","partial":true,"lost":3,"text":")"
      "\xC3\xA9"
      R"(\n"})");
  EXPECT_EQ(OneEntry(R"({"text":"","time":-5,"lost":null,"partial":false,"stream":""})"),
            R"({"n":0,"time":"1969-12-31T23:59:59.999999995Z","lost":null,"text":""})");
  EXPECT_EQ(OneEntry(R"({"text":"","time":0,"lost":0})"),
            R"({"n":0,"time":"1970-01-01T00:00:00.000000000Z","text":""})");
}

TEST(BodyParser, OtherMembersAreKept) {
  const std::string expected =
      R"({"n":0,"time":"1970-01-01T00:00:00.000000000Z","fields":{"pod":"p\n1","a":[1,{"b":null}],)"
      R"("c":1.5,"d":true,"e":-2},"text":"x"})";
  EXPECT_EQ(OneEntry(R"({"n":7,"pod":"p\n1","text":"x","fields":{"a":[1, {"b":null}], "c":1.5},)"
                     R"("time":0,"d":true,"e":-2})"),
            expected);
  EXPECT_EQ(OneEntry(expected), expected);
}

TEST(BodyParser, FieldsThatAreNoObjectComeBack) {
  const std::string expected =
      R"({"n":0,"time":"1970-01-01T00:00:00.000000000Z","fields":{"fields":5,"text":6},)"
      R"("text":"x"})";
  EXPECT_EQ(OneEntry(R"({"fields":{"fields":5,"text":6},"text":"x","time":0})"), expected);
  EXPECT_EQ(OneEntry(expected), expected);
  EXPECT_THAT(OneEntry(R"({"fields":5,"text":"x"})"), HasSubstr(R"("fields":{"fields":5})"));
}

TEST(BodyParser, LongJsonTextsAreSplit) {
  const Outcome outcome = FeedAllWays(
      "application/json",
      R"({"text":"12345678\u20ac","source":"s","level":"l","lost":2,"a":1,"partial":true,)"
      R"("time":5})",
      {.entry_bytes = 9});
  EXPECT_THAT(Texts(outcome), ElementsAre("12345678~", "\xE2\x82\xAC~"));
  EntryReader reader(outcome.encoded);
  Entry first;
  Entry second;
  ASSERT_TRUE(reader.Next(first) && reader.Next(second));
  EXPECT_EQ(first.lost, 2u);
  EXPECT_EQ(first.fields, R"({"a":1})");
  EXPECT_FALSE(second.lost);
  EXPECT_EQ(second.fields, "");
  EXPECT_EQ(second.source, "s");
  EXPECT_EQ(second.level, "l");
  EXPECT_EQ(second.time, 5);
}

TEST(BodyParser, Base64BringsAnyBytes) {
  const auto texts = [](std::string_view body, const BodyLimits& limits = {}) {
    const Outcome outcome = FeedAllWays("application/x-ndjson", body, limits);
    EXPECT_EQ(outcome.error, "") << body;
    return Texts(outcome);
  };
  // Two in one body: what is decoded for one must not reach the other.
  EXPECT_THAT(texts("{\"text_base64\":\"/wBi\"}\n{\"text\":\"c\"}\n{\"text_base64\":\"\"}\n"),
              ElementsAre("\xFF\0b"sv, "c", ""));
  EXPECT_THAT(texts(R"({"text_base64":"\u002fwBi"})"), ElementsAre("\xFF\0b"sv));
  // "12345678" and U+20AC: limit and splitting hold for the bytes, not for their base64.
  EXPECT_THAT(texts(R"({"text_base64":"MTIzNDU2Nzg="})", {.entry_bytes = 8}),
              ElementsAre("12345678"));
  EXPECT_THAT(texts(R"({"text_base64":"MTIzNDU2NzjigqyA","partial":true})", {.entry_bytes = 9}),
              ElementsAre("12345678~", "\xE2\x82\xAC\x80~"));
}

TEST(BodyParser, Ndjson) {
  const auto texts = [](std::string_view body) {
    const Outcome outcome = FeedAllWays("application/x-ndjson", body);
    EXPECT_EQ(outcome.error, "") << body;
    return Texts(outcome);
  };
  EXPECT_THAT(texts(""), ElementsAre());
  EXPECT_THAT(texts(" \r\n\n\t"), ElementsAre());
  EXPECT_THAT(texts("{\"text\":\"a\"}\n\r\n{\"text\":\"b\"}\r\n{\"text\":\"c\"}"),
              ElementsAre("a", "b", "c"));
}

TEST(BodyParser, JsonArrays) {
  const auto texts = [](std::string_view body) {
    const Outcome outcome = FeedAllWays("application/json", body);
    EXPECT_EQ(outcome.error, "") << body;
    return Texts(outcome);
  };
  EXPECT_THAT(texts("[]"), ElementsAre());
  EXPECT_THAT(texts(" [ ] "), ElementsAre());
  EXPECT_THAT(texts(R"([{"text":"a"}])"), ElementsAre("a"));
  EXPECT_THAT(texts("[ {\"text\":\"]}\\\"{\"} ,\n{\"x\":{\"y\":[{}]},\"text\":\"\\\\\"}\t]\n"),
              ElementsAre("]}\"{", "\\"));
}

struct BadCase {
  std::string body;
  std::string field;
  std::string reason;
};

TEST(BodyParser, BadEntriesNameFieldAndReason) {
  const BadCase cases[] = {
      {R"({"text":5})", "text", "is an integer, not a string"},
      {R"({"text":null})", "text", "is null, not a string"},
      {R"({})", "text", "has no field \"text\""},
      {R"({"Text":"x"})", "text", "has no field \"text\""},
      {R"({"text":"a","text":"b"})", "text", "comes twice"},
      {R"({"source":"x"})", "text", "has no field \"text\" or \"text_base64\""},
      {R"({"text":"a","text_base64":"YQ=="})", "text_base64", "stands beside a field \"text\""},
      {R"({"text_base64":"","text":""})", "text_base64", "stands beside a field \"text\""},
      {R"({"text_base64":"YQ==","text_base64":"YQ=="})", "text_base64", "comes twice"},
      {R"({"text_base64":null})", "text_base64", "is null, not a string"},
      {R"({"text_base64":"YQ"})", "text_base64", "is not base64"},
      {R"({"text_base64":"YQ==\n"})", "text_base64", "is not base64"},
      {R"({"text_base64":"Y_=="})", "text_base64", "is not base64"},
      {R"({"text":"a","time":1,"time":1})", "time", "comes twice"},
      {R"({"text":"a","x":1,"y":2,"x":1})", "x", "comes twice"},
      {R"({"text":"a","x":1,"fields":{"x":2}})", "x", "comes twice"},
      {R"({"text":"a","time":"yesterday"})", "time", "not an RFC 3339 time"},
      {R"({"text":"a","time":"9999-01-01T00:00:00Z"})", "time", "out of range"},
      {R"({"text":"a","time":1.5})", "time", "fraction"},
      {R"({"text":"a","time":9223372036854775808})", "time", "out of range"},
      {R"({"text":"a","time":true})", "time", "is a boolean"},
      {R"({"text":"a","stream":1})", "stream", "not a string"},
      {R"({"text":"a","stream":null})", "stream", "is null"},
      {R"({"text":"a","source":"a\nb"})", "source", "control character"},
      {R"({"text":"a","partial":"yes"})", "partial", "not a boolean"},
      {R"({"text":"a","lost":-1})", "lost", "out of range"},
      {R"({"text":"a","lost":18446744073709551615})", "lost", "out of range"},
      {R"({"text":"a","lost":"1"})", "lost", "not a count or null"},
      {R"({"text":"a","x":18446744073709551616})", "", "out of range"},
      {R"({"text":"a","x":1e999})", "", "out of range"},
      {R"({"text":"a"])", "", "not JSON"},
      {R"({"text":"a",})", "", "not JSON"},
      {R"({'text':'a'})", "", "not JSON"},
      {R"({"text":"\x"})", "", "escape"},
      {R"({"text":"\ud800"})", "", "escape"},
      {"{\"text\":\"\t\"}", "", "control character"},
      {"{\"text\":\"\xFF\"}", "", "not well-formed UTF-8"},
  };
  for (const BadCase& bad : cases) {
    const Outcome lines = FeedAllWays("application/x-ndjson",
                                      "{\"text\":\"ok\"}\n\n" + bad.body + "\n{\"text\":\"no\"}");
    const Outcome array =
        FeedAllWays("application/json", "[{\"text\":\"ok\"}," + bad.body + ",{\"text\":\"no\"}]");
    for (const Outcome& outcome : {lines, array}) {
      EXPECT_THAT(outcome.error, testing::StartsWith("entry 1 ")) << bad.body;
      EXPECT_THAT(outcome.error, HasSubstr(bad.reason)) << bad.body;
      EXPECT_EQ(outcome.field, bad.field) << bad.body;
      EXPECT_EQ(outcome.code, ErrorCode::kInvalid);
      EXPECT_THAT(Texts(outcome), ElementsAre("ok"));
    }
  }
}

TEST(BodyParser, BadFraming) {
  const std::pair<std::string, std::string> arrays[] = {
      {"", "entry 0 is missing: the body is empty"},
      {" \n", "entry 0 is missing: the body is empty"},
      {"5", "entry 0 is not a JSON object"},
      {"[5]", "entry 0 is not a JSON object"},
      {"[[{}]]", "entry 0 is not a JSON object"},
      {"\xEF\xBB\xBF{}", "entry 0 is not a JSON object"},
      {R"([{"text":"ok"} {"text":"no"}])", "entry 1 does not follow a comma"},
      {R"([{"text":"ok"},])", "entry 1 is not a JSON object"},
      {R"([{"text":"ok"},)", "entry 1 is missing: the array is not closed"},
      {R"([{"text":"ok"})", "entry 1 is missing: the array is not closed"},
      {R"([{"text":"ok"},{"text":"}]})", "entry 1 is cut: the body ends inside of it"},
      {R"([{"text":"ok"}]])", "entry 1 comes behind the end of the JSON body"},
      {R"({"text":"ok"}{)", "entry 1 comes behind the end of the JSON body"},
      {R"({"text":"ok"},)", "entry 1 comes behind the end of the JSON body"},
  };
  for (const auto& [body, error] : arrays) {
    EXPECT_EQ(FeedAllWays("application/json", body).error, error) << body;
  }
  const std::pair<std::string, std::string> lines[] = {
      {"[]", "entry 0 is an array, not an object"},
      {"{\"text\":\"ok\"}\nnull\n", "entry 1 is null, not an object"},
      {"{\"text\":\"ok\"} {\"text\":\"no\"}\n", "entry 0 is not JSON"},
      {"{\"text\":\n\"no\"}\n", "entry 0 is not JSON"},
  };
  for (const auto& [body, error] : lines) {
    EXPECT_EQ(FeedAllWays("application/x-ndjson", body).error, error) << body;
  }
}

TEST(BodyParser, Limits) {
  const BodyLimits limits{.object_bytes = 100, .fields_bytes = 20, .json_depth = 3};
  const auto run = [&](std::string_view type, const std::string& body) {
    return FeedAllWays(type, body, limits);
  };
  const std::string exact = R"({"text":")" + std::string(89, 'x') + "\"}";
  ASSERT_EQ(exact.size(), 100u);
  for (const std::string_view type : {"application/json", "application/x-ndjson"}) {
    EXPECT_EQ(run(type, exact).error, "");
    const Outcome large = run(type, R"({"text":")" + std::string(90, 'x') + "\"}");
    EXPECT_EQ(large.error, "entry 0 is larger than 100 bytes of JSON");
    EXPECT_EQ(large.code, ErrorCode::kTooLarge);
    EXPECT_EQ(run(type, R"({"text":"x","a":[[1]]})").error, "");
    EXPECT_EQ(run(type, R"({"text":"x","a":[[[1]]]})").error, "entry 0 is nested too deeply");
    EXPECT_EQ(run(type, R"({"text":"x","a":"123456789012"})").error, "");
    const Outcome fields = run(type, R"({"text":"x","a":"1234567890123"})");
    EXPECT_EQ(fields.field, "fields");
    EXPECT_EQ(fields.code, ErrorCode::kTooLarge);
  }
  const auto named = [](const std::string& name, size_t size) {
    return FeedAllWays("application/json", R"({"text":"","time":0,")" + name + "\":\"" +
                                               std::string(size, 'x') + "\"}");
  };
  for (const auto& [name, max] : {std::pair{"stream", kMaxStreamBytes},
                                  {"source", kMaxSourceBytes},
                                  {"level", kMaxLevelBytes}}) {
    EXPECT_EQ(named(name, max).error, "");
    EXPECT_EQ(named(name, max + 1).field, name);
    EXPECT_EQ(named(name, max + 1).code, ErrorCode::kTooLarge);
  }
}

std::vector<std::string> MaskedEntries(std::string_view type, std::string_view body) {
  const auto redactor = Redactor::Make({.builtin = true, .patterns = {R"("wide":.*)"}});
  std::vector<std::string> entries;
  for (const size_t piece : {1u, 3u, 1000u}) {
    entries.clear();
    const auto parser = MakeBodyParser(type, {}, redactor->get());
    EntryRun run;
    for (std::string_view rest = body; !rest.empty();
         rest.remove_prefix(std::min(piece, rest.size()))) {
      EXPECT_TRUE(parser->Feed(rest.substr(0, piece), kNow, run));
    }
    EXPECT_TRUE(parser->Finish(kNow, run));
    EntryReader reader(run.encoded);
    Entry entry;
    while (reader.Next(entry)) {
      entries.push_back(std::string(entry.text) + std::string(entry.fields));
    }
  }
  return entries;
}

TEST(BodyParser, SecretsAreMaskedInTextsAndFields) {
  EXPECT_THAT(MaskedEntries("text/plain", "a\npassword=hunter2\r\n\ntoken: abc"),
              ElementsAre("a", "password=***", "", "token: ***"));
  EXPECT_THAT(MaskedEntries("application/json", R"([
      {"text":"password=hunter2 b", "user":"joe"},
      {"text":"login", "password":"hunter2", "deep":{"api_key":"a\"b","n":1}},
      {"text_base64":"dG9rZW49c2VjcmV0"},
      {"text":"x","wide":1}])"),
              ElementsAre(R"(password=*** b{"user":"joe"})",
                          R"(login{"password":"***","deep":{"api_key":"***","n":1}})", "token=***",
                          R"(x{"redacted":true})"));
}

}  // namespace
}  // namespace tailrace
