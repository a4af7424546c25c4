#include "search/searched_text.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(EscapeLength, OfWhatIsWhole) {
  EXPECT_EQ(EscapeLength("\x1b[31mred"), 5u);
  EXPECT_EQ(EscapeLength("\x1b[m"), 3u);
  EXPECT_EQ(EscapeLength("\x1b[?25h"), 6u);
  EXPECT_EQ(EscapeLength("\x1b[1 q"), 5u);
  EXPECT_EQ(EscapeLength("\x1b]8;;http://x\x07link"), 14u);
  EXPECT_EQ(EscapeLength("\x1b]0;title\x1b\\x"), 11u);
  EXPECT_EQ(EscapeLength("\x1bPq\x1b\\"), 5u);
  EXPECT_EQ(EscapeLength("\x1b(B"), 3u);
  EXPECT_EQ(EscapeLength("\x1b\x37"), 2u);
  EXPECT_EQ(EscapeLength("\x1b\\"), 2u);
}

TEST(EscapeLength, NothingOfWhatIsNone) {
  EXPECT_EQ(EscapeLength("\x1b"), 0u);
  EXPECT_EQ(EscapeLength("\x1b["), 0u);
  EXPECT_EQ(EscapeLength("\x1b[31"), 0u);
  EXPECT_EQ(EscapeLength("\x1b[3\x1b[0m"), 0u);
  EXPECT_EQ(EscapeLength("\x1b]8;;never ends"), 0u);
  EXPECT_EQ(EscapeLength("\x1b\xC3\xA4"), 0u);
  EXPECT_EQ(EscapeLength("\x1b "), 0u);
}

TEST(SearchedText, IsTheTextItselfWhereNothingIsHidden) {
  SearchedText searched;
  const std::string text = "a\xC3\xA4\xF0\x9F\x9A\x80z";  // a, a umlaut, a rocket, z
  searched.Set(text, true);
  EXPECT_EQ(searched.Text().data(), text.data());
  EXPECT_EQ(searched.ColumnsOf(0, 1), (Columns{0, 1}));
  EXPECT_EQ(searched.ColumnsOf(1, 3), (Columns{1, 2}));
  EXPECT_EQ(searched.ColumnsOf(3, 7), (Columns{2, 4}));
  EXPECT_EQ(searched.ColumnsOf(7, 8), (Columns{4, 5}));
  EXPECT_EQ(searched.ColumnsOf(0, 8), (Columns{0, 5}));
}

TEST(SearchedText, LeavesEscapeSequencesOutAndCountsThem) {
  SearchedText searched;
  searched.Set("\x1b[31mER\x1b[0mROR\x1b[m!", false);
  EXPECT_EQ(searched.Text(), "ERROR!");
  EXPECT_EQ(searched.ColumnsOf(0, 2), (Columns{5, 7}));   // not the colours around it
  EXPECT_EQ(searched.ColumnsOf(0, 5), (Columns{5, 14}));  // but those inside
  EXPECT_EQ(searched.ColumnsOf(2, 5), (Columns{11, 14}));
  EXPECT_EQ(searched.ColumnsOf(5, 6), (Columns{17, 18}));
  searched.Set("\x1b[31m", false);
  EXPECT_EQ(searched.Text(), "");
  EXPECT_EQ(searched.ColumnsOf(0, 0), (Columns{5, 5}));
}

TEST(SearchedText, KeepsAnEscThatBeginsNothing) {
  SearchedText searched;
  searched.Set("a\x1b[31", false);
  EXPECT_EQ(searched.Text(), "a\x1b[31");
  EXPECT_EQ(searched.ColumnsOf(2, 5), (Columns{2, 5}));
}

TEST(SearchedText, RepairsWhatIsIllFormed) {
  SearchedText searched;
  const std::string text = "x\xE2\x82y\xFF\xFFz";  // a cut sequence is one, each 0xFF another
  searched.Set(text, true);
  EXPECT_EQ(searched.Text(), "x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_EQ(searched.ColumnsOf(1, 4), (Columns{1, 2}));
  EXPECT_EQ(searched.ColumnsOf(4, 5), (Columns{2, 3}));
  EXPECT_EQ(searched.ColumnsOf(5, 11), (Columns{3, 5}));
  EXPECT_EQ(searched.ColumnsOf(11, 12), (Columns{5, 6}));
  searched.Set(text, false);
  EXPECT_EQ(searched.Text(), text);
  EXPECT_EQ(searched.ColumnsOf(6, 7), (Columns{5, 6}));  // z, whatever stands before it
}

}  // namespace
}  // namespace tailrace
