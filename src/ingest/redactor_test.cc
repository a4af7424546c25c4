#include "ingest/redactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using testing::HasSubstr;

std::unique_ptr<const Redactor> Make(const RedactConfig& config) {
  auto made = Redactor::Make(config);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? std::move(*made) : nullptr;
}

std::string Masked(const Redactor& redactor, std::string text) {
  redactor.Mask(text);
  return text;
}

std::string Builtin(std::string text) {
  static const std::unique_ptr<const Redactor> redactor = Make({.builtin = true});
  return Masked(*redactor, std::move(text));
}

std::string Repeat(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out.append(part);
  return out;
}

TEST(Redactor, WithoutRulesThereIsNone) {
  EXPECT_EQ(Make({}), nullptr);
}

TEST(Redactor, AssignmentsKeepTheirNames) {
  EXPECT_EQ(Builtin("DB_PASSWORD=hunter2 next"), "DB_PASSWORD=*** next");
  EXPECT_EQ(Builtin("password: hunter2"), "password: ***");
  EXPECT_EQ(Builtin("aws_secret_access_key = abc/def+1"), "aws_secret_access_key = ***");
  EXPECT_EQ(Builtin(R"({"client_secret": "a \"b\" c", "x": 1})"),
            R"({"client_secret": "***", "x": 1})");
  EXPECT_EQ(Builtin(R"(say {\"token\":\"abcd\",\"n\":1})"), R"(say {\"token\":\"***\",\"n\":1})");
  EXPECT_EQ(Builtin("PASSWORD='two words' rest"), "PASSWORD='***' rest");
  EXPECT_EQ(Builtin("a?api_key=12345&b=1"), "a?api_key=***&b=1");
  EXPECT_EQ(Builtin("deploy --db-password s3cret --verbose"), "deploy --db-password *** --verbose");
  EXPECT_EQ(Builtin("token=x"), "token=*") << "a mask is not longer than the secret";
}

TEST(Redactor, UrlsAndHeaders) {
  EXPECT_EQ(Builtin("git clone https://joe:pa55word@example.test/r"),
            "git clone https://joe:***@example.test/r");
  EXPECT_EQ(Builtin("redis://:pa55@db:6379/0"), "redis://:***@db:6379/0");
  EXPECT_EQ(Builtin("https://example.test:8080/a@b"), "https://example.test:8080/a@b");
  EXPECT_EQ(Builtin("Authorization: Basic am9lOnNlY3JldA=="), "Authorization: Basic ***");
  EXPECT_EQ(Builtin("-H 'authorization: Bearer abc.def'"), "-H 'authorization: Bearer ***'");
  EXPECT_EQ(Builtin("using bearer " + Repeat("a1", 10)), "using bearer ***");
  EXPECT_EQ(Builtin("Set-Cookie: sessionid=1; HttpOnly"), "Set-Cookie: ***");
}

TEST(Redactor, TokensThatSayWhatTheyAre) {
  for (const std::string& token :
       {"gh" + std::string("p_") + Repeat("a", 36), "gl" + std::string("pat-") + Repeat("b", 20),
        "AK" + std::string("IA") + Repeat("B", 16), "xo" + std::string("xb-") + Repeat("1", 12),
        "sk" + std::string("_live_") + Repeat("c", 24), "npm" + std::string("_") + Repeat("d", 36),
        "ey" + std::string("JhbGciOiJI.ey") + "JzdWIiOiIx." + Repeat("e", 20)}) {
    EXPECT_EQ(Builtin("got " + token + " here"), "got *** here");
  }
  const std::string key = "-----BEGIN " + std::string("PRIVATE KEY-----");
  EXPECT_EQ(Builtin(key + "\nMIIB\nabc\n-----END"), key + "***-----END");
}

TEST(Redactor, OrdinaryLinesStayAsTheyAre) {
  for (const char* line :
       {"12 tokens used", "password changed for joe", "the secret of success",
        "GET /token HTTP/1.1", "https://example.test/path?x=1", "basic tests passed", "monkey=1",
        "tokenizer: bert", "pushed ghp_short", "key: value", "error at 10:22:33", ""}) {
    EXPECT_EQ(Builtin(line), line);
  }
}

TEST(Redactor, GroupsSayWhatIsMasked) {
  const auto redactor = Make({.patterns = {R"(pin=(\d+) puk=(\d+))", "card [0-9]{4}"}});
  EXPECT_EQ(Masked(*redactor, "pin=1234 puk=98765 card 1111 x"), "pin=*** puk=*** *** x");
  EXPECT_EQ(redactor->Masked(), 3u);
}

TEST(Redactor, OverlappingSecretsAreOne) {
  const auto redactor = Make({.patterns = {"abcd", "cdef", "[x-z]+"}});
  EXPECT_EQ(Masked(*redactor, "-abcdefxy-"), "-*****-");
  std::vector<Secret> secrets;
  redactor->Find("-abcdef-", secrets);
  ASSERT_EQ(secrets.size(), 1u);
  EXPECT_EQ(secrets[0].begin, 1u);
  EXPECT_EQ(secrets[0].end, 7u);
}

TEST(Redactor, SeesBytesThatAreNoText) {
  EXPECT_EQ(Builtin("password=ab\xff\xfe\x80zz end"), "password=*** end");
  EXPECT_EQ(Builtin(std::string("a\0password=b\0c", 14)), std::string("a\0password=***", 14));
}

TEST(Redactor, RefusesPatternsThatCannotWork) {
  const auto refusal = [](const RedactConfig& config) {
    const auto made = Redactor::Make(config);
    EXPECT_FALSE(made);
    EXPECT_EQ(made.error().field, "redact.patterns");
    return made.error().message;
  };
  EXPECT_THAT(refusal({.patterns = {"a("}}), HasSubstr("'a(' is no pattern"));
  EXPECT_THAT(refusal({.patterns = {"ok", "a*"}}), HasSubstr("'a*' matches the empty text"));
  EXPECT_THAT(refusal({.patterns = {"(?P<n>a)"}}), HasSubstr("names a group"));
  EXPECT_THAT(refusal({.patterns = {std::string(1025, 'a')}}), HasSubstr("longer than 1024"));
  EXPECT_THAT(refusal({.patterns = std::vector<std::string>(65, "a")}), HasSubstr("more than 64"));
  EXPECT_THAT(refusal({.patterns = {"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)(l)(m)(n)(o)(p)(q)"}}),
              HasSubstr("more than 16 groups"));
}

TEST(Redactor, ALineThatIsMadeToBeSlowIsNot) {
  // Exponential or quadratic where patterns are tried one position after the other.
  const std::string line = "password" + Repeat("=\\\"", 100'000) + Repeat("password=a ", 10'000);
  const std::string masked = Builtin(line);
  EXPECT_LE(masked.size(), line.size());
  EXPECT_TRUE(masked.ends_with("password=* "));
}

}  // namespace
}  // namespace tailrace
