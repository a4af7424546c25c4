#include "ingest/masked_split.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "ingest/text_split.h"

namespace tailrace {
namespace {

struct Piece {
  std::string text;
  bool partial = false;
  bool operator==(const Piece&) const = default;
};

std::vector<Piece> Pieces(const EntryRun& run) {
  std::vector<Piece> pieces;
  EntryReader reader(run.encoded);
  Entry entry;
  while (reader.Next(entry)) pieces.push_back({std::string(entry.text), entry.partial});
  return pieces;
}

std::string Joined(const EntryRun& run) {
  std::string joined;
  for (const Piece& piece : Pieces(run)) joined += piece.text;
  return joined;
}

std::unique_ptr<const Redactor> Make(std::vector<std::string> patterns) {
  auto made = Redactor::Make({.patterns = std::move(patterns)});
  EXPECT_TRUE(made);
  return std::move(*made);
}

EntryRun SplitWhole(const Redactor* redactor, std::string_view text, size_t limit) {
  MaskedSplit split(redactor, limit);
  EntryRun run;
  split.AddWhole(run, {.text = text});
  return run;
}

EntryRun SplitAsItComes(const Redactor* redactor, std::string_view text, size_t limit,
                        size_t piece) {
  MaskedSplit split(redactor, limit);
  EntryRun run;
  std::string pending;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    pending.append(text.substr(0, piece));
    split.AddFront(run, {}, pending);
  }
  split.AddWhole(run, {.text = pending});
  return run;
}

TEST(MaskedSplit, ASecretAcrossTheCutIsMaskedOnBothSides) {
  const auto redactor = Make({R"(pw=(\w+))"});
  EXPECT_EQ(Pieces(SplitWhole(redactor.get(), "abcd pw=secret99 yz", 12)),
            (std::vector<Piece>{{"abcd pw=***", true}, {"*** yz", false}}));
  EXPECT_EQ(Pieces(SplitWhole(redactor.get(), "abcdefghpw=secret yz", 10)),
            (std::vector<Piece>{{"abcdefghpw", true}, {"=*** yz", false}}))
      << "known by its name before the cut";
  EXPECT_EQ(redactor->Masked(), 2u);
}

TEST(MaskedSplit, ASecretLongerThanAnEntry) {
  const auto redactor = Make({"x+"});
  const EntryRun run = SplitWhole(redactor.get(), "ab" + std::string(30, 'x') + "cd", 8);
  EXPECT_EQ(Joined(run),
            "ab***"
            "***"
            "***"
            "***"
            "cd");
  EXPECT_EQ(run.count, 5u);
}

TEST(MaskedSplit, WhatLiesBehindACarriedSecretIsFoundToo) {
  const auto redactor = Make({R"(a=(\w+) b)", R"(b=(\w+))", R"(= ?(\d\d\d))"});
  EXPECT_EQ(Joined(SplitWhole(redactor.get(), "12345a=secret b=other =1234", 8)),
            Joined(SplitWhole(redactor.get(), "12345a=secret b=other =1234", 8)));
  const std::string joined = Joined(SplitWhole(redactor.get(), "12345a=secret b=other", 8));
  EXPECT_EQ(joined.find("other"), std::string::npos);
  EXPECT_EQ(joined.find("secret"), std::string::npos);
}

TEST(MaskedSplit, BeyondTheLookaheadTheRestOfASecretStays) {
  const auto redactor = Make({R"(k=(\w+))"});
  const std::string text = "k=" + std::string(10 + kSecretLookahead + 5, 's');
  const EntryRun run = SplitWhole(redactor.get(), text, 10);
  EXPECT_TRUE(Joined(run).ends_with("sssss") || Joined(run).ends_with("*"));
  EXPECT_EQ(run.count, SplitWhole(nullptr, text, 10).count);
}

TEST(MaskedSplit, CountsAndCutsDoNotDependOnPatternsOrPieces) {
  constexpr uint64_t kSeed = 4711;
  SeededRandom random(kSeed);
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  const auto redactor = Make({R"(k=(\w+))", "[x-z]{3,}", R"(b.(c) (d))"});
  for (int round = 0; round < 150; ++round) {
    std::string text;
    const size_t size = random.Between(0, round % 15 == 0 ? 9000 : 80);
    while (text.size() < size) text.push_back("k=xyzbcd \xc3\xa4"[random.Between(0, 10)]);
    const size_t limit = random.Between(4, 40);
    const EntryRun plain = SplitWhole(nullptr, text, limit);
    const EntryRun whole = SplitWhole(redactor.get(), text, limit);
    ASSERT_EQ(whole.count, plain.count);
    const std::vector<Piece> before = Pieces(plain);
    const std::vector<Piece> after = Pieces(whole);
    for (size_t i = 0; i < before.size(); ++i) {
      ASSERT_LE(after[i].text.size(), before[i].text.size());
      ASSERT_EQ(after[i].partial, before[i].partial);
    }
    for (const size_t piece : {1u, 7u, 4096u, 10'000u}) {
      ASSERT_EQ(SplitAsItComes(redactor.get(), text, limit, piece).encoded, whole.encoded);
    }
  }
}

TEST(MaskedSplit, NoSecretThatEndsWithinTheLookaheadGetsThrough) {
  SeededRandom random(815);
  const auto redactor = Make({"SECRET[0-9]{20}"});
  for (int round = 0; round < 200; ++round) {
    std::string text;
    while (text.size() < 300) {
      text.append(random.Between(0, 30), 'a');
      text.append("SECRET");
      for (int i = 0; i < 20; ++i) text.push_back(static_cast<char>('0' + random.Between(0, 9)));
      text.push_back('.');
    }
    const std::string joined = Joined(SplitWhole(redactor.get(), text, random.Between(4, 120)));
    ASSERT_EQ(joined.find_first_of("SECRT0123456789"), std::string::npos) << joined;
  }
}

TEST(MaskedSplit, WithoutRedactorItIsAddSplit) {
  const std::string text(1000, 'q');
  EntryRun expected;
  AddSplit(expected, {.text = text}, 64);
  EXPECT_EQ(SplitWhole(nullptr, text, 64).encoded, expected.encoded);
  EXPECT_EQ(SplitAsItComes(nullptr, text, 64, 10).encoded, expected.encoded);
}

}  // namespace
}  // namespace tailrace
