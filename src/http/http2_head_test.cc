#include "http/http2_head.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const Fields kGet = {
    {":method", "GET"}, {":scheme", "https"}, {":authority", "a:1"}, {":path", "/x?y=%20"}};

struct Outcome {
  RequestHead head;
  int status = 200;
  std::string reason;
};

Outcome Build(const Fields& fields, bool ended = true, const Http1Limits& limits = {}) {
  Http2HeadBuilder builder;
  for (const auto& [name, value] : fields) builder.Add(name, value, limits);
  Outcome outcome;
  if (const std::optional<HeadFault> fault = builder.Finish(ended, limits, outcome.head)) {
    outcome.status = fault->status;
    outcome.reason = fault->reason;
  }
  return outcome;
}

Fields With(Fields fields, const std::string& name, const std::string& value) {
  for (auto& [key, old] : fields) {
    if (key == name && name != "cookie") {
      old = value;
      return fields;
    }
  }
  fields.emplace_back(name, value);
  return fields;
}

TEST(Http2HeadTest, GivesTheSameHeadAsHttp1) {
  const Outcome outcome = Build(With(kGet, "accept", "*/*"));
  ASSERT_EQ(outcome.status, 200) << outcome.reason;
  EXPECT_EQ(outcome.head.method, Method::kGet);
  EXPECT_EQ(outcome.head.target, "/x?y=%20");
  EXPECT_EQ(outcome.head.path, "/x");
  EXPECT_EQ(outcome.head.query, "y=%20");
  EXPECT_EQ(outcome.head.host, "a:1");
  EXPECT_EQ(outcome.head.headers.Find("Accept"), "*/*");
  EXPECT_EQ(outcome.head.headers.Size(), 1u);
  EXPECT_FALSE(outcome.head.HasBody());
  EXPECT_TRUE(outcome.head.keep_alive);
}

TEST(Http2HeadTest, KnowsBodies) {
  EXPECT_TRUE(Build(kGet, false).head.chunked);
  const Outcome sized =
      Build(With(With(kGet, "content-length", "5"), "expect", "100-continue"), false);
  EXPECT_FALSE(sized.head.chunked);
  EXPECT_EQ(sized.head.content_length, 5u);
  EXPECT_TRUE(sized.head.expects_continue);
  EXPECT_FALSE(Build(With(kGet, "expect", "100-continue")).head.expects_continue);
}

TEST(Http2HeadTest, JoinsCookieCrumbs) {
  const Fields fields = With(With(With(kGet, "cookie", "a=1"), "x", "y"), "cookie", "b=2");
  EXPECT_EQ(Build(fields).head.headers.All("Cookie"), std::vector<std::string_view>{"a=1; b=2"});
}

TEST(Http2HeadTest, TakesHostWhereThereIsNoAuthority) {
  Fields fields = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "b"}};
  EXPECT_EQ(Build(fields).head.host, "b");
  fields.pop_back();
  EXPECT_EQ(Build(fields).status, 400);
  EXPECT_EQ(Build(With(kGet, "host", "A:1")).status, 200);
  EXPECT_EQ(Build(With(kGet, "host", "b")).status, 400);
}

TEST(Http2HeadTest, RefusesWhatItCannotServe) {
  EXPECT_EQ(Build(With(kGet, ":method", "CONNECT")).status, 501);
  EXPECT_EQ(Build(With(kGet, ":method", "get")).status, 501);
  EXPECT_EQ(Build(With(kGet, ":scheme", "ftp")).status, 400);
  EXPECT_EQ(Build(With(kGet, ":authority", "a b")).status, 400);
  EXPECT_EQ(Build(With(kGet, ":path", "x")).status, 400);
  EXPECT_EQ(Build(With(kGet, ":path", "http://a/x")).status, 400);
  EXPECT_EQ(Build(With(kGet, ":path", "*")).status, 400);
  EXPECT_EQ(Build(With(kGet, ":path", "/a%2")).status, 400);
  EXPECT_EQ(Build(With(kGet, ":path", "/a#b")).status, 400);
  EXPECT_EQ(Build(With(kGet, ":path", "/\xc3\xa4")).status, 400);
  EXPECT_EQ(Build(With(With(kGet, ":path", "*"), ":method", "OPTIONS")).status, 200);
  EXPECT_EQ(Build(With(kGet, "content-length", "-1"), false).status, 400);
  EXPECT_EQ(Build(With(kGet, "content-length", "999999999999"), false).status, 413);
}

TEST(Http2HeadTest, HasLimits) {
  Http1Limits limits;
  limits.head_bytes = 600;
  limits.target_bytes = 20;
  limits.header_count = 3;
  EXPECT_EQ(Build(With(kGet, ":path", "/" + std::string(19, 'a')), true, limits).status, 200);
  const Outcome target = Build(With(kGet, ":path", "/" + std::string(20, 'a')), true, limits);
  EXPECT_EQ(target.status, 414);
  EXPECT_EQ(Build(With(kGet, "x", std::string(300, 'v')), true, limits).status, 200);
  EXPECT_EQ(Build(With(kGet, "x", std::string(500, 'v')), true, limits).status, 431);
  Fields many = kGet;
  for (int i = 0; i < 3; ++i) many.emplace_back("h" + std::to_string(i), "");
  EXPECT_EQ(Build(many, true, limits).status, 200);
  many.emplace_back("h3", "");
  EXPECT_EQ(Build(many, true, limits).status, 431);
}

TEST(Http2HeadTest, SpoiledFieldsAreNamed) {
  Http2HeadBuilder builder;
  for (const auto& [name, value] : kGet) builder.Add(name, value, {});
  builder.Spoil("x-bad");
  RequestHead head;
  const std::optional<HeadFault> fault = builder.Finish(true, {}, head);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->status, 400);
  EXPECT_NE(fault->reason.find("x-bad"), std::string::npos);
}

}  // namespace
}  // namespace tailrace
