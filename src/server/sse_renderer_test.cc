#include "server/sse_renderer.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

ChunkPtr MakeChunk(Position begin, const std::vector<Entry>& entries) {
  auto chunk = std::make_shared<Chunk>();
  chunk->begin = begin;
  chunk->end = begin + entries.size();
  for (const Entry& entry : entries) EncodeEntry(chunk->encoded, entry);
  return chunk;
}

std::string Render(Format format, Position begin, Position end, std::vector<ChunkPtr> chunks) {
  std::string out;
  SseRenderer().Render(format, "inc", begin, end, chunks, out);
  return out;
}

TEST(SseRenderer, TextHasDataLinesAndTheCursorBehindTheEntry) {
  EXPECT_EQ(Render(Format::kText, 5, 7, {MakeChunk(5, {{.text = "a\r\nb"}, {.text = ""}})}),
            "data: a\ndata: b\nid: inc.6\n\n"
            "data: \nid: inc.7\n\n");
}

TEST(SseRenderer, ARangeMayCutChunksAndSpanThem) {
  const std::vector<ChunkPtr> chunks = {MakeChunk(0, {{.text = "0"}, {.text = "1"}}),
                                        MakeChunk(2, {{.text = "2"}, {.text = "3"}})};
  EXPECT_EQ(Render(Format::kText, 1, 3, chunks), "data: 1\nid: inc.2\n\ndata: 2\nid: inc.3\n\n");
  EXPECT_EQ(Render(Format::kBatch, 1, 3, chunks),
            "data: {\"from\":1,\"entries\":["
            R"({"n":1,"time":"1970-01-01T00:00:00.000000000Z","text":"1"},)"
            R"({"n":2,"time":"1970-01-01T00:00:00.000000000Z","text":"2"}]})"
            "\nid: inc.3\n\n");
}

TEST(SseRenderer, CursorsCountOverEveryNumberOfDigits) {
  for (const Position begin : {0u, 8u, 9u, 98u, 99u, 199u, 989u, 999'998u, 4'294'967'294u}) {
    const std::vector<Entry> entries(12, Entry{.text = "x"});
    std::string text;
    std::string json;
    for (Position n = begin; n < begin + entries.size(); ++n) {
      const std::string id = "id: inc." + std::to_string(n + 1) + "\n\n";
      text += "data: x\n" + id;
      json += "data: {\"n\":" + std::to_string(n) +
              ",\"time\":\"1970-01-01T00:00:00.000000000Z\",\"text\":\"x\"}\n" + id;
    }
    EXPECT_EQ(Render(Format::kText, begin, begin + 12, {MakeChunk(begin, entries)}), text);
    EXPECT_EQ(Render(Format::kJson, begin, begin + 12, {MakeChunk(begin, entries)}), json);
  }
}

TEST(SseRenderer, JsonIsTheEntryOfAPage) {
  EXPECT_EQ(Render(Format::kJson, 0, 1, {MakeChunk(0, {{.text = "x\n", .stream = "stderr"}})}),
            "data: {\"n\":0,\"time\":\"1970-01-01T00:00:00.000000000Z\",\"stream\":\"stderr\","
            "\"text\":\"x\\n\"}\nid: inc.1\n\n");
}

TEST(SseRenderer, LinesLostUpstreamAreToldBeforeTheEntryBehindThem) {
  const ChunkPtr chunk =
      MakeChunk(0, {{.text = "a"}, {.text = "b", .lost = 3}, {.text = "c", .lost = kLostUnknown}});
  const std::string text = Render(Format::kText, 0, 3, {chunk});
  EXPECT_EQ(text,
            "data: a\nid: inc.1\n\n"
            "event: gap\ndata: {\"from\":1,\"to\":1,\"cause\":\"upstream\",\"lost\":3}\n\n"
            "data: b\nid: inc.2\n\n"
            "event: gap\ndata: {\"from\":2,\"to\":2,\"cause\":\"upstream\",\"lost\":null}\n\n"
            "data: c\nid: inc.3\n\n");
  const std::string batch = Render(Format::kBatch, 0, 3, {chunk});
  EXPECT_LT(batch.find("id: inc.1\n"), batch.find("\"lost\":3}"));
  EXPECT_LT(batch.find("\"lost\":3}"), batch.find("{\"from\":1,\"entries\""));
  EXPECT_TRUE(batch.ends_with("id: inc.3\n\n"));
}

}  // namespace
}  // namespace tailrace
