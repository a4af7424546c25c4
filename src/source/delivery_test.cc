#include "source/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <vector>

namespace tailrace {
namespace {

using Kind = DeliveryStep::Kind;
using testing::HasSubstr;

// A server that keeps the contract's rules for producers, and whose network does not.
class FakeServer {
 public:
  explicit FakeServer(Random& random) : random_(random) {}

  DeliveryReply Handle(const DeliveryStep& step) {
    if (trouble > 0 && random_.Between(0, 99) < trouble) {
      switch (random_.Between(0, 4)) {
        case 0:
          return {.problem = "connection refused"};  // never arrived
        case 1:
          Process(step);
          return {.problem = "connection reset"};  // lost answer
        case 2:
          return {.status = 429, .retry_after_ms = 100};
        case 3:
          return {.status = 503, .retry_after_ms = 2000};
        default:
          return Partly(step);
      }
    }
    return Process(step);
  }

  std::vector<std::string> lines;
  std::vector<std::string> created;
  std::vector<size_t> accepted;  // entries of each append that was taken
  std::optional<std::string> ended;
  uint64_t count = 0;  // of the producer
  uint64_t trouble = 0;
  size_t largest_body = SIZE_MAX;
  int requests = 0;

 private:
  static std::vector<std::string> Split(const std::string& body) {
    std::vector<std::string> out;
    for (size_t at = 0; at < body.size();) {
      const size_t end = body.find('\n', at);
      out.push_back(body.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }

  // The connection breaks inside the body; what came before it is committed.
  DeliveryReply Partly(const DeliveryStep& step) {
    if (step.kind != Kind::kAppend) return {.problem = "timed out"};
    auto all = Split(*step.body);
    all.resize(random_.Between(0, all.size()));
    Store(all, step.sequence);
    return {.problem = "timed out"};
  }

  DeliveryReply Process(const DeliveryStep& step) {
    ++requests;
    if (step.kind == Kind::kCreate) {
      created.push_back(*step.body);
      return {.status = 201};
    }
    if (step.kind == Kind::kEnd) {
      if (ended && *ended != *step.body) return {.status = 409, .problem = "ended"};
      ended = *step.body;
      return {.status = 200};
    }
    if (step.body->size() > largest_body) return {.status = 413, .problem = "too large"};
    return Store(Split(*step.body), step.sequence);
  }

  DeliveryReply Store(const std::vector<std::string>& entries, uint64_t sequence) {
    if (sequence > count) return {.status = 409, .problem = "sequence ahead", .expected = count};
    const uint64_t known = std::min<uint64_t>(count - sequence, entries.size());
    if (ended && known < entries.size()) return {.status = 409, .problem = "ended"};
    for (size_t i = known; i < entries.size(); ++i) lines.push_back(entries[i]);
    count = std::max(count, sequence + entries.size());
    accepted.push_back(entries.size());
    return {.status = 200};
  }

  Random& random_;
};

class DeliveryTest : public testing::Test {
 protected:
  DeliveryTest() : random_(1), server_(random_) {
    spool_ = std::move(*Spool::CreateInMemory(
        {{"deploy", "1"}, "exec-1", "Title", "http://127.0.0.1:1", true}, {}));
  }

  void Add(int count) {
    std::string run;
    for (int i = 0; i < count; ++i) {
      const std::string text = "line " + std::to_string(added_++);
      EncodeEntry(run, Entry{.time = 7, .text = text, .stream = "stdout"});
    }
    ASSERT_TRUE(spool_->Append(run, static_cast<uint64_t>(count)));
  }

  // Until there is nothing to do; time passes as fast as it is waited for.
  DeliveryStep::Kind Run(Delivery& delivery) {
    for (int steps = 0; steps < 1'000'000; ++steps) {
      const DeliveryStep step = delivery.Next(now_ms_);
      if (step.kind == Kind::kWaitTime) {
        waits_.push_back(step.wait_ms);
        now_ms_ += step.wait_ms;
        continue;
      }
      if (!step.body) return step.kind;
      delivery.OnReply(server_.Handle(step), now_ms_);
    }
    ADD_FAILURE() << "does not come to an end";
    return Kind::kFailed;
  }

  Delivery Make(DeliveryLimits limits = {}) {
    return Delivery(*spool_, random_, limits,
                    {.note = [this](const std::string& text) { said_.push_back(text); },
                     .warn = [this](const std::string& text) { warned_.push_back(text); }});
  }

  void ExpectExactly(int count) {
    ASSERT_EQ(server_.lines.size(), static_cast<size_t>(count));
    for (int n = 0; n < count; ++n) {
      EXPECT_THAT(server_.lines[static_cast<size_t>(n)],
                  HasSubstr("\"text\":\"line " + std::to_string(n) + "\"}"));
    }
  }

  SeededRandom random_;
  FakeServer server_;
  std::unique_ptr<Spool> spool_;
  std::vector<std::string> said_;
  std::vector<std::string> warned_;
  std::vector<int64_t> waits_;
  int64_t now_ms_ = 1'000'000;
  int added_ = 0;
};

TEST_F(DeliveryTest, SendsWhatThereIsAndTheEnd) {
  Delivery delivery = Make();
  EXPECT_EQ(Run(delivery), Kind::kWaitData);
  Add(3);
  EXPECT_EQ(Run(delivery), Kind::kWaitData);
  ExpectExactly(3);
  EXPECT_EQ(server_.lines[0], R"({"time":7,"stream":"stdout","text":"line 0"})");
  Add(2);
  spool_->Finish(Outcome{OutcomeKind::kFailed, 2, "exit code 2"});
  EXPECT_EQ(Run(delivery), Kind::kDone);
  ExpectExactly(5);
  EXPECT_EQ(server_.ended, R"({"outcome":"failed","exit_code":2,"reason":"exit code 2"})");
  EXPECT_TRUE(said_.empty());
}

TEST_F(DeliveryTest, TextsThatAreNotUtf8GoAsTheyAre) {
  std::string run;
  for (const std::string_view text : {"\xC3\xA9", "\xC3", "\xFF\n"}) {
    EncodeEntry(run, Entry{.time = -7, .text = text, .partial = true});
  }
  ASSERT_TRUE(spool_->Append(run, 3));
  Delivery delivery = Make();
  EXPECT_EQ(Run(delivery), Kind::kWaitData);
  EXPECT_THAT(server_.lines,
              testing::ElementsAre("{\"time\":-7,\"partial\":true,\"text\":\"\xC3\xA9\"}",
                                   R"({"time":-7,"partial":true,"text_base64":"ww=="})",
                                   R"({"time":-7,"partial":true,"text_base64":"/wo="})"));
}

TEST_F(DeliveryTest, ASpoolWithoutOutcomeLeavesTheLogOpen) {
  Delivery delivery = Make();
  Add(1);
  spool_->Finish(std::nullopt);
  EXPECT_EQ(Run(delivery), Kind::kDone);
  ExpectExactly(1);
  EXPECT_FALSE(server_.ended);
}

TEST_F(DeliveryTest, ExactlyOnceWhateverTheNetworkDoes) {
  const uint64_t seed = SystemRandom().Next();
  std::cout << "seed " << seed << "\n";
  random_ = SeededRandom(seed);
  server_.trouble = 60;
  Delivery delivery = Make({.batch_bytes = 200});
  for (int i = 0; i < 60; ++i) {
    Add(static_cast<int>(random_.Between(1, 20)));
    if (random_.Between(0, 3) == 0) {
      EXPECT_EQ(Run(delivery), Kind::kWaitData);
    }
  }
  spool_->Finish(Outcome{});
  EXPECT_EQ(Run(delivery), Kind::kDone);
  ExpectExactly(added_);
  EXPECT_TRUE(server_.ended);
}

TEST_F(DeliveryTest, AnotherProcessGoesOnWithoutRepeatingAnything) {
  server_.trouble = 50;
  Add(40);
  for (int life = 0; life < 20; ++life) {
    Delivery delivery = Make({.batch_bytes = 60});  // each dies after a few steps
    for (int step = 0; step < 6; ++step) {
      const DeliveryStep next = delivery.Next(now_ms_);
      now_ms_ += next.wait_ms;
      if (next.body) delivery.OnReply(server_.Handle(next), now_ms_);
    }
    Add(2);
  }
  spool_->Finish(Outcome{});
  Delivery last = Make();
  EXPECT_EQ(Run(last), Kind::kDone);
  ExpectExactly(80);
}

TEST_F(DeliveryTest, WaitsLongerEachTimeAndSaysOnceThatTheServerIsAway) {
  Delivery delivery = Make();
  for (int i = 0; i < 12; ++i) {
    DeliveryStep step = delivery.Next(now_ms_);
    if (step.kind == Kind::kWaitTime) {
      waits_.push_back(step.wait_ms);
      now_ms_ += step.wait_ms;
      step = delivery.Next(now_ms_);
    }
    ASSERT_EQ(step.kind, Kind::kCreate);
    delivery.OnReply({.problem = "connection refused"}, now_ms_);
  }
  for (size_t i = 0; i < waits_.size(); ++i) {
    const int64_t longest = std::min<int64_t>(250LL << i, 15'000);
    EXPECT_GE(waits_[i], longest / 2) << i;
    EXPECT_LE(waits_[i], longest) << i;
  }
  EXPECT_THAT(said_,
              testing::ElementsAre(HasSubstr("connection refused; what is written is kept")));
  EXPECT_EQ(Run(delivery), Kind::kWaitData);
  EXPECT_EQ(said_.back(), "the server is back");
}

TEST_F(DeliveryTest, ObeysRetryAfterWithinReason) {
  Delivery delivery = Make();
  ASSERT_EQ(delivery.Next(now_ms_).kind, Kind::kCreate);
  delivery.OnReply({.status = 503, .retry_after_ms = 8000}, now_ms_);
  const int64_t wait_ms = delivery.Next(now_ms_).wait_ms;
  EXPECT_GE(wait_ms, 8000);
  EXPECT_LE(wait_ms, 10'000);
  now_ms_ += wait_ms;
  ASSERT_EQ(delivery.Next(now_ms_).kind, Kind::kCreate);
  delivery.OnReply({.status = 429, .retry_after_ms = 86'400'000}, now_ms_);
  EXPECT_LE(delivery.Next(now_ms_).wait_ms, 75'000);
}

TEST_F(DeliveryTest, ALogThatWasReplacedSaysWhatItDoesNotHave) {
  Delivery delivery = Make();
  Add(5);
  EXPECT_EQ(Run(delivery), Kind::kWaitData);
  server_.count = 0;  // deleted and made again
  server_.lines.clear();
  Add(2);
  EXPECT_EQ(Run(delivery), Kind::kWaitData);
  Add(1);
  spool_->Finish(Outcome{});
  EXPECT_EQ(Run(delivery), Kind::kDone);
  EXPECT_EQ(server_.lines,
            (std::vector<std::string>{R"({"time":7,"stream":"stdout","lost":5,"text":"line 5"})",
                                      R"({"time":7,"stream":"stdout","text":"line 6"})",
                                      R"({"time":7,"stream":"stdout","text":"line 7"})"}));
  EXPECT_THAT(warned_, testing::ElementsAre(HasSubstr("5 lines are not in the new one")));
  EXPECT_EQ(server_.created, (std::vector<std::string>(2, R"({"title":"Title"})")));
}

TEST_F(DeliveryTest, AServerThatHasMoreThanWeKnewIsBelieved) {
  Add(5);
  server_.count = 3;
  server_.lines = {"a", "b", "c"};
  Delivery delivery = Make();
  ASSERT_EQ(delivery.Next(now_ms_).kind, Kind::kCreate);
  delivery.OnReply({.status = 200}, now_ms_);
  ASSERT_EQ(delivery.Next(now_ms_).kind, Kind::kAppend);
  delivery.OnReply({.status = 409, .expected = 3}, now_ms_);
  EXPECT_EQ(Run(delivery), Kind::kWaitData);
  EXPECT_EQ(server_.lines.size(), 5u);
  EXPECT_THAT(server_.lines[3], HasSubstr("line 3"));
}

TEST_F(DeliveryTest, BodiesThatAreTooLargeAreHalvedAndALineThatIsIsSaid) {
  server_.largest_body = 150;
  Add(10);
  const std::string big(500, 'x');
  std::string run;
  EncodeEntry(run, Entry{.time = 7, .text = big});
  ASSERT_TRUE(spool_->Append(run, 1));
  Add(1);
  spool_->Finish(Outcome{});
  Delivery delivery = Make();
  EXPECT_EQ(Run(delivery), Kind::kDone);
  ASSERT_EQ(server_.lines.size(), 11u);
  EXPECT_EQ(server_.lines.back(), R"({"time":7,"stream":"stdout","lost":1,"text":"line 10"})");
  EXPECT_THAT(warned_, testing::ElementsAre(HasSubstr("too large")));
}

TEST_F(DeliveryTest, BatchesGrowAgainAfterOneThatWasTooLarge) {
  server_.largest_body = 2000;
  Add(160);
  Delivery delivery = Make();
  EXPECT_EQ(Run(delivery), Kind::kWaitData);
  ExpectExactly(160);
  server_.largest_body = SIZE_MAX;
  server_.accepted.clear();
  for (int round = 0; round < 80; ++round) {
    Add(160);
    EXPECT_EQ(Run(delivery), Kind::kWaitData);
  }
  ExpectExactly(160 * 81);
  EXPECT_LT(server_.accepted.front(), 160u);
  EXPECT_EQ(server_.accepted.back(), 160u);
}

TEST_F(DeliveryTest, RefusalsSayWhatToDo) {
  const std::pair<int, std::string> cases[] = {{401, "TAILRACE_TOKEN"},
                                               {404, "TAILRACE_URL"},
                                               {409, "tailrace delete deploy/1"},
                                               {400, "refuses"}};
  for (const auto& [status, hint] : cases) {
    Delivery delivery = Make();
    if (spool_->Undelivered() == 0) Add(1);
    ASSERT_EQ(delivery.Next(now_ms_).kind, Kind::kCreate);
    delivery.OnReply({.status = 200}, now_ms_);
    ASSERT_EQ(delivery.Next(now_ms_).kind, Kind::kAppend);
    delivery.OnReply({.status = status, .problem = "no"}, now_ms_);
    EXPECT_EQ(delivery.Next(now_ms_).kind, Kind::kFailed);
    EXPECT_THAT(delivery.Problem(), HasSubstr(hint));
    EXPECT_EQ(spool_->Undelivered(), 1u);
  }
}

}  // namespace
}  // namespace tailrace
