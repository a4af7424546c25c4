#include "server/search_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "store/testing.h"

namespace tailrace {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const LogKey kKey{"deploy", "1"};

class SearchSourceTest : public ::testing::Test {
 protected:
  void Append(const std::vector<std::string>& texts) {
    ASSERT_TRUE(testing::AppendNow(store_, testing::MakeAppend(kKey, texts)));
  }

  SearchOrder Order(std::string_view text, SearchForm form = SearchForm::kNdjson) {
    SearchOrder order;
    order.pattern = *Pattern::Compile(text, {});
    order.end = store_.Stat(kKey)->position;
    order.limit = 100;
    order.form = form;
    return order;
  }

  std::unique_ptr<SearchSource> Begin(SearchOrder order) {
    return std::make_unique<SearchSource>(store_, *store_.Stat(kKey), std::move(order),
                                          SearchSlot::Take(load_, 4), SearchPace{slice_, slowest_});
  }

  // All that comes after the line or the members that describe the log.
  static std::string Rest(SearchSource& source) {
    std::string all;
    for (;;) {
      const Result<std::string> piece = source.Next();
      if (!piece) return "error: " + piece.error().message;
      if (piece->empty()) return all;
      all.append(*piece);
    }
  }
  std::string Lines(SearchOrder order) {
    const std::string all = Rest(*Begin(std::move(order)));
    return all.substr(all.find('\n') + 1);
  }

  MemoryStore store_;
  SearchLoad load_;
  std::chrono::nanoseconds slice_ = std::chrono::hours(1);
  std::chrono::nanoseconds slowest_ = std::chrono::hours(1);
};

TEST_F(SearchSourceTest, LinesForEachMatchAndTheEnd) {
  Append({"an error", "fine"});
  Append({"Error, error"});
  EXPECT_EQ(Lines(Order("error")),
            "{\"n\":0,\"columns\":[[3,8]]}\n"
            "{\"n\":2,\"columns\":[[0,5],[7,12]]}\n"
            "{\"end\":{\"complete\":true,\"searched\":3,\"total\":2}}\n");
  EXPECT_EQ(Lines(Order("nothing")), "{\"end\":{\"complete\":true,\"searched\":3,\"total\":0}}\n");
}

TEST_F(SearchSourceTest, OneObject) {
  Append({"a", "b", "a"});
  const std::string all = Rest(*Begin(Order("a", SearchForm::kJson)));
  EXPECT_THAT(all, StartsWith("{\"incarnation\":\""));
  EXPECT_THAT(all, HasSubstr("\",\"first\":0,\"position\":3,\"state\":\"open\",\"from\":0,\"to\":3,"
                             "\"matches\":[{\"n\":0,\"columns\":[[0,1]]},"
                             "{\"n\":2,\"columns\":[[0,1]]}],"
                             "\"complete\":true,\"searched\":3,\"total\":2}\n"));
}

TEST_F(SearchSourceTest, CountsBeyondTheLimit) {
  Append({"a", "a", "a"});
  SearchOrder order = Order("a");
  order.limit = 1;
  EXPECT_EQ(Lines(std::move(order)),
            "{\"n\":0,\"columns\":[[0,1]]}\n"
            "{\"end\":{\"complete\":true,\"searched\":3,\"total\":3}}\n");
  order = Order("a");
  order.limit = 2;
  order.count_all = false;
  EXPECT_EQ(Lines(std::move(order)),
            "{\"n\":0,\"columns\":[[0,1]]}\n{\"n\":1,\"columns\":[[0,1]]}\n"
            "{\"end\":{\"complete\":false,\"cause\":\"limit\",\"searched\":2,\"total\":2}}\n");
}

TEST_F(SearchSourceTest, EachSliceTellsHowFarItCame) {
  slice_ = std::chrono::nanoseconds(0);
  Append({"a"});
  Append({"b"});
  const std::string lines = Lines(Order("a"));
  EXPECT_THAT(lines, HasSubstr("{\"progress\":{\"position\":1,\"total\":1}}\n"));
  EXPECT_THAT(lines, HasSubstr("{\"end\":{\"complete\":true,\"searched\":2,\"total\":1}}\n"));
  const std::string object = Rest(*Begin(Order("b", SearchForm::kJson)));
  EXPECT_THAT(object, HasSubstr("\n"));  // blanks, in the same object
}

TEST_F(SearchSourceTest, EndsWhereTheHeadWas) {
  Append({"a"});
  const auto source = Begin(Order("a"));
  Append({"a"});
  EXPECT_THAT(Rest(*source), HasSubstr("\"complete\":true,\"searched\":1,\"total\":1}"));
}

TEST_F(SearchSourceTest, OnlyARange) {
  Append({"a", "a", "a", "a"});
  SearchOrder order = Order("a");
  order.begin = 1;
  order.end = 3;
  EXPECT_EQ(Lines(std::move(order)),
            "{\"n\":1,\"columns\":[[0,1]]}\n{\"n\":2,\"columns\":[[0,1]]}\n"
            "{\"end\":{\"complete\":true,\"searched\":3,\"total\":2}}\n");
  order = Order("a");
  order.begin = 4;
  EXPECT_EQ(Lines(std::move(order)), "{\"end\":{\"complete\":true,\"searched\":4,\"total\":0}}\n");
}

TEST_F(SearchSourceTest, GapsAreToldWhereTheyAre) {
  for (int i = 0; i < 4; ++i) Append({"a"});
  store_.Damage(kKey, 1);
  store_.Damage(kKey, 2);
  EXPECT_EQ(Lines(Order("a")),
            "{\"n\":0,\"columns\":[[0,1]]}\n"
            "{\"gap\":{\"from\":1,\"to\":3,\"cause\":\"damaged\"}}\n"
            "{\"n\":3,\"columns\":[[0,1]]}\n"
            "{\"end\":{\"complete\":true,\"searched\":4,\"total\":2}}\n");
  EXPECT_THAT(Rest(*Begin(Order("a", SearchForm::kJson))),
              HasSubstr("],\"gaps\":[{\"from\":1,\"to\":3,\"cause\":\"damaged\"}],\"complete\""));
}

TEST_F(SearchSourceTest, ALogThatIsDeletedMeanwhile) {
  slice_ = std::chrono::nanoseconds(0);
  Append({std::string(400 << 10, 'a')});  // more than one read from the store
  Append({"a"});
  const auto source = Begin(Order("a"));
  EXPECT_THAT(*source->Next(), HasSubstr("\"state\":\"open\""));
  auto [done, removed] = testing::Promise<LogInfo>();
  store_.Remove({.key = kKey, .done = done});
  ASSERT_TRUE(removed.get());
  Append({"another a", "another a"});
  EXPECT_THAT(Rest(*source), HasSubstr("\"complete\":false,\"cause\":\"deleted\""));
}

TEST_F(SearchSourceTest, OneThatHoldsTheReadersUpEnds) {
  slice_ = std::chrono::nanoseconds(0);
  slowest_ = std::chrono::nanoseconds(0);
  Append({"a"});
  Append({"a"});
  EXPECT_THAT(Rest(*Begin(Order("a"))),
              HasSubstr("{\"end\":{\"complete\":false,\"cause\":\"slow\",\"searched\":0,"));
  EXPECT_EQ(load_.under_way, 0u);
}

TEST_F(SearchSourceTest, APieceIsBounded) {
  std::vector<std::string> texts(20'000, "a");
  Append(texts);
  SearchOrder order = Order("a");
  order.limit = texts.size();
  const auto source = Begin(std::move(order));
  int pieces = 0;
  for (;;) {
    const Result<std::string> piece = source->Next();
    ASSERT_TRUE(piece);
    if (piece->empty()) break;
    EXPECT_LT(piece->size(), 80u << 10);
    ++pieces;
  }
  EXPECT_GT(pieces, 5);
}

TEST_F(SearchSourceTest, SoManyAtATime) {
  Append({"a"});
  auto first = SearchSlot::Take(load_, 2);
  {
    const auto second = Begin(Order("a"));
    EXPECT_EQ(load_.under_way, 2u);
    EXPECT_EQ(SearchSlot::Take(load_, 2), nullptr);
    EXPECT_EQ(load_.refused, 1u);
  }
  EXPECT_NE(SearchSlot::Take(load_, 2), nullptr);  // one that was given up is over
  const auto third = Begin(Order("a"));
  Rest(*third);
  EXPECT_EQ(load_.under_way, 1u);  // and one that has ended, too
}

}  // namespace
}  // namespace tailrace
