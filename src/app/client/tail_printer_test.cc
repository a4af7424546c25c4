#include "app/client/tail_printer.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

ClientEntry Entry(std::string text, bool partial = false, std::string stream = "stdout") {
  ClientEntry entry;
  entry.time = "2026-11-23T06:33:00.000000001Z";
  entry.text = std::move(text);
  entry.stream = std::move(stream);
  entry.partial = partial;
  entry.json = "{\"text\":\"" + entry.text + "\"}";
  return entry;
}

TEST(TailPrinter, PrintsTextsAsLines) {
  TailPrinter printer({});
  printer.Add(Entry("one"));
  printer.Add(Entry("t\x1b]0;x\x07wo\rtwo"));
  EXPECT_EQ(printer.Take(), "one\nt\x1b]0;x\x07wo\rtwo\n");
  EXPECT_EQ(printer.Take(), "");
}

TEST(TailPrinter, JoinsPartialsAndKeepsStreamsApart) {
  TailPrinter printer({.timestamps = true});
  printer.Add(Entry("Pass", true));
  printer.Add(Entry("word: ", true));
  printer.Add(Entry("ok"));
  EXPECT_EQ(printer.Take(), "2026-11-23T06:33:00.000000001Z Password: ok\n");
  printer.Add(Entry("half", true));
  printer.Add(Entry("other", false, "stderr"));
  printer.Add(Entry("rest"));
  EXPECT_EQ(printer.Take(),
            "2026-11-23T06:33:00.000000001Z half\n2026-11-23T06:33:00.000000001Z other\n"
            "2026-11-23T06:33:00.000000001Z rest\n");
}

TEST(TailPrinter, SaysWhoWroteALine) {
  ClientEntry entry = Entry("one", true);
  entry.source = "web-1/app";
  TailPrinter plain({.sources = true});
  plain.Add(entry);
  entry.partial = false;
  plain.Add(entry);
  plain.Add(Entry("of nobody"));
  EXPECT_EQ(plain.Take(), "web-1/app oneone\nof nobody\n");
  // Containers of a pod have its colour, and none obeys what a name might hold.
  TailPrinter coloured({.terminal = true, .sources = true});
  coloured.Add(entry);
  const std::string first = coloured.Take();
  EXPECT_EQ(first.substr(5), "web-1/app\x1b[0m one\n");
  entry.source = "web-1/\x1b[2J";
  coloured.Add(entry);
  EXPECT_EQ(coloured.Take(), first.substr(0, 5) + "web-1/^[[2J\x1b[0m one\n");
}

TEST(TailPrinter, JsonIsAnObjectALine) {
  TailPrinter printer({.json = true});
  printer.Add(Entry("a", true));
  printer.Add(Entry("b"));
  EXPECT_EQ(printer.Take(), "{\"text\":\"a\"}\n{\"text\":\"b\"}\n");
}

TEST(TailPrinter, ATerminalIsColouredButNotObeyed) {
  std::string out;
  AppendForTerminal(
      out, "\x1b[1;31mred\x1b[0m\t\x1b[2Jx\x07\x1b]0;t\x7f a\r\nb\rc \xC2\x9Bz \xC2\xA0\xC3\xA9");
  EXPECT_EQ(out, "\x1b[1;31mred\x1b[0m\t^[[2Jx^G^[]0;t^? a\nb^Mc ^[[z \xC2\xA0\xC3\xA9");
}

}  // namespace
}  // namespace tailrace
