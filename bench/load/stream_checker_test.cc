#include "bench/load/stream_checker.h"

#include <gtest/gtest.h>

#include "bench/mark.h"

namespace tailrace::bench {
namespace {

std::string Mark(size_t producer, uint64_t sequence) {
  std::string text;
  AppendMarkedText(text, producer, sequence, 40);
  return text;
}

std::string Event(const std::string& data, const std::string& id) {
  return "data: " + data + "\nid: " + id + "\n\n";
}

// What is wrong with a stream, however it is cut; empty: nothing.
std::string ProblemOf(const std::string& stream, Form form = Form::kTailrace, uint64_t from = 0) {
  StreamChecker whole(form, from);
  StreamChecker bytewise(form, from);
  const bool fine = whole.Take(stream);
  for (const char byte : stream) bytewise.Take({&byte, 1});
  EXPECT_EQ(fine, whole.Problem().empty());
  EXPECT_EQ(whole.Problem(), bytewise.Problem());
  EXPECT_EQ(whole.entries(), bytewise.entries());
  return whole.Problem();
}

TEST(StreamChecker, TakesAWholeStream) {
  const std::string stream = "retry: 2000\n\n" + Event(Mark(0, 0), "abc.1") +
                             Event(Mark(1, 0), "abc.2") + ":\n\n" + Event(Mark(0, 1), "abc.3") +
                             "event: ping\ndata: {}\n\n" +
                             "event: end\ndata: {\"position\":3}\nid: abc.3.end\n\n";
  EXPECT_EQ(ProblemOf(stream), "");
  StreamChecker checker(Form::kTailrace, 0);
  checker.Take(stream);
  EXPECT_EQ(checker.entries(), 3U);
  EXPECT_EQ(checker.NextOf(0), 2U);
  EXPECT_EQ(checker.NextOf(1), 1U);
  EXPECT_TRUE(checker.ended());
}

TEST(StreamChecker, TakesSeveralEntriesInAnEvent) {
  const std::string batch =
      "{\"entries\":[{\"text\":\"" + Mark(0, 0) + "\"},{\"text\":\"" + Mark(0, 1) + "\"}]}";
  EXPECT_EQ(ProblemOf(Event(batch, "abc.2") + Event(Mark(0, 2), "abc.3")), "");
  EXPECT_NE(ProblemOf(Event(batch, "abc.1")), "");
}

TEST(StreamChecker, BeginsWhereTheFirstIdSaysIfAnywhereIsFine) {
  const std::string stream = Event(Mark(0, 0), "abc.8") + Event(Mark(0, 1), "abc.9");
  EXPECT_EQ(ProblemOf(stream, Form::kTailrace, StreamChecker::kAnywhere), "");
  EXPECT_EQ(ProblemOf(stream, Form::kTailrace, 7), "");
  EXPECT_EQ(ProblemOf(stream, Form::kTailrace, 8),
            "an id says position 8 where 9 entries were before and in the event");
}

TEST(StreamChecker, SeesWhatIsMissingDoubledOrMisplaced) {
  const std::string first = Event(Mark(0, 0), "abc.1");
  EXPECT_NE(ProblemOf(first + Event(Mark(0, 2), "abc.2")), "");
  EXPECT_NE(ProblemOf(first + Event(Mark(0, 0), "abc.2")), "");
  EXPECT_NE(ProblemOf(first + Event(Mark(0, 1), "abc.3")), "");
  EXPECT_NE(ProblemOf(first + Event(Mark(0, 1), "abc.1")), "");
  EXPECT_NE(ProblemOf(first + Event(Mark(0, 1), "xyz.2")), "");
  EXPECT_NE(ProblemOf(first + Event(Mark(0, 1), "abc.2.end")), "");
  EXPECT_NE(ProblemOf(first + Event(Mark(0, 1), "abc")), "");
  EXPECT_NE(ProblemOf(first + "data: " + Mark(0, 1) + "\n\n"), "");
  EXPECT_NE(ProblemOf(first + "event: gap\ndata: {}\n\n"), "");
  EXPECT_NE(ProblemOf(first + "event: end\ndata: {}\nid: abc.2.end\n\n"), "");
  EXPECT_NE(ProblemOf("garbage\n"), "");
  EXPECT_NE(ProblemOf("id: " + std::string(1000, 'x')), "");
}

TEST(StreamChecker, LeavesIdsOfOthersAlone) {
  const std::string stream = ": hi\n\nid: 17:0\ndata: " + Mark(0, 0) + "\n\n";
  EXPECT_EQ(ProblemOf(stream, Form::kEvents), "");
  EXPECT_NE(ProblemOf(stream), "");
}

TEST(StreamChecker, CountsLinesOfText) {
  EXPECT_EQ(ProblemOf(Mark(0, 0) + "\n" + Mark(0, 1) + "\n", Form::kText), "");
  EXPECT_NE(ProblemOf(Mark(0, 1) + "\n", Form::kText), "");
}

}  // namespace
}  // namespace tailrace::bench
