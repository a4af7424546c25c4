#include "http/http2_output.h"

#include <gtest/gtest.h>

#include <array>

namespace tailrace {
namespace {

// Takes `step` bytes at a time, as a socket might.
std::string Drain(Http2Output& output, size_t step) {
  std::string all;
  while (!output.Empty()) {
    std::array<iovec, 2> parts;
    const size_t count = output.Gather(parts);
    size_t left = step;
    for (size_t i = 0; i < count && left > 0; ++i) {
      const size_t size = std::min(left, parts[i].iov_len);
      all.append(static_cast<const char*>(parts[i].iov_base), size);
      left -= size;
    }
    output.Consume(step - left);
  }
  return all;
}

TEST(Http2OutputTest, KeepsTheOrderHoweverItIsTaken) {
  const std::string lent = "lent bytes";
  for (size_t step = 1; step < 40; ++step) {
    for (const bool keep : {false, true}) {
      Http2Output output;
      output.Append("one ");
      output.Append("two ");
      output.Lend(lent);
      output.Append(" three ");
      output.Lend(lent);
      if (keep) output.Keep();
      EXPECT_EQ(output.Size(), 8 + 10 + 7 + 10u);
      EXPECT_EQ(output.HasLent(), !keep);
      EXPECT_EQ(Drain(output, step), "one two lent bytes three lent bytes") << step << keep;
      EXPECT_FALSE(output.HasLent());
    }
  }
}

TEST(Http2OutputTest, WhatWasLentIsNotCopiedAndMayGoOnceItIsKept) {
  Http2Output output;
  std::string lent(100, 'x');
  output.Append("head");
  output.Lend(lent);
  std::array<iovec, 2> parts;
  ASSERT_EQ(output.Gather(parts), 2u);
  EXPECT_EQ(parts[1].iov_base, lent.data());
  output.Consume(4 + 30);
  output.Keep();
  lent.assign(100, 'y');
  EXPECT_EQ(Drain(output, 1000), std::string(70, 'x'));
}

TEST(Http2OutputTest, CanBeFilledWhileItIsDrained) {
  Http2Output output;
  const std::string lent = "0123456789";
  output.Lend(lent);
  output.Consume(3);
  output.Append("ab");
  output.Append("");
  output.Lend({});
  output.Consume(8);
  output.Append("c");
  EXPECT_EQ(Drain(output, 1), "bc");
}

}  // namespace
}  // namespace tailrace
