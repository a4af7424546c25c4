#include "server/sse_renderer.h"

#include "base/check.h"
#include "base/text.h"
#include "http/sse.h"
#include "http/stream_coding.h"

namespace tailrace {
namespace {

// What an entry has around its text, besides what it has encoded too; the most that is usual.
constexpr size_t kTextEventBytes = 40;
constexpr size_t kJsonEventBytes = 140;

// Calls visit(n, entry) for each entry of [begin, end).
template <typename Visit>
void ForEachEntry(Position begin, Position end, std::span<const ChunkPtr> chunks, Visit visit) {
  for (const ChunkPtr& chunk : chunks) {
    EntryReader reader(chunk->encoded);
    Entry entry;
    for (Position n = chunk->begin; n < end && reader.Next(entry); ++n) {
      if (n >= begin) visit(n, entry);
    }
    CHECK(!reader.Corrupt());  // the store checks what it reads
  }
}

// Lines that were lost upstream, just before entry n. No id: the entry's own says that it was seen.
void AppendUpstreamGap(std::string& out, Position n, uint64_t lost) {
  AppendSseEvent(out, "gap");
  const std::string at = std::to_string(n);
  const std::string count = lost == kLostUnknown ? "null" : std::to_string(lost);
  AppendSseDataLine(
      out, "{\"from\":" + at + ",\"to\":" + at + ",\"cause\":\"upstream\",\"lost\":" + count + "}");
  AppendSseEnd(out);
}

// `id: INCARNATION.POSITION` and the end of the event, for one position after the other. Counts in
// place: a number that is written anew each time costs more than the text around it.
class CursorLines {
 public:
  CursorLines(std::string_view incarnation, Position first) {
    AppendCursorId(line_, incarnation, first);
    digits_ = line_.size() - 1 - std::to_string(first).size();
    AppendSseEnd(line_);
  }

  std::string_view Line() const { return line_; }
  void Next() {
    size_t digit = line_.size() - kLineEnds - 1;
    while (digit >= digits_ && line_[digit] == '9') line_[digit--] = '0';
    if (digit >= digits_) {
      ++line_[digit];
    } else {
      line_.insert(digits_, 1, '1');
    }
  }

 private:
  static constexpr size_t kLineEnds = 2;
  std::string line_;
  size_t digits_;  // where the number begins
};

void RenderText(std::string_view incarnation, Position begin, Position end,
                std::span<const ChunkPtr> chunks, std::string& out) {
  CursorLines cursors(incarnation, begin + 1);
  ForEachEntry(begin, end, chunks, [&](Position n, const Entry& entry) {
    if (entry.lost) AppendUpstreamGap(out, n, *entry.lost);
    AppendSseData(out, entry.text);
    out.append(cursors.Line());
    cursors.Next();
  });
}

// One event for a run of entries; a gap comes between two of them.
class BatchWriter {
 public:
  BatchWriter(std::string_view incarnation, std::string& out)
      : incarnation_(incarnation), out_(out) {}

  void Add(Position n, const Entry& entry) {
    if (entry.lost) {
      Close();
      AppendUpstreamGap(out_, n, *entry.lost);
    }
    out_.append(open_ ? "," : "data: {\"from\":" + std::to_string(n) + ",\"entries\":[");
    open_ = true;
    next_ = n + 1;
    AppendEntryJson(out_, n, entry);
  }
  void Close() {
    if (!open_) return;
    open_ = false;
    out_.append("]}\n");
    AppendCursorId(out_, incarnation_, next_);
    AppendSseEnd(out_);
  }

 private:
  std::string_view incarnation_;
  std::string& out_;
  Position next_ = 0;
  bool open_ = false;
};

void RenderBatch(std::string_view incarnation, Position begin, Position end,
                 std::span<const ChunkPtr> chunks, std::string& out) {
  BatchWriter batch(incarnation, out);
  ForEachEntry(begin, end, chunks, [&](Position n, const Entry& entry) { batch.Add(n, entry); });
  batch.Close();
}

}  // namespace

void AppendCursorId(std::string& out, std::string_view incarnation, Position position) {
  out.append("id: ").append(incarnation).push_back('.');
  AppendDecimal(out, position);
  out.push_back('\n');
}

void AppendEndId(std::string& out, const LogInfo& info) {
  out.append("id: ").append(info.incarnation).append(".");
  out.append(std::to_string(info.position)).append(".end\n");
}

void SseRenderer::Render(Format format, std::string_view incarnation, Position begin, Position end,
                         std::span<const ChunkPtr> chunks, std::string& out) const {
  // Nearly always enough: a large string that grows is copied, into memory fresh from the kernel.
  size_t bytes = (end - begin) * (format == Format::kText ? kTextEventBytes : kJsonEventBytes);
  for (const ChunkPtr& chunk : chunks) bytes += chunk->encoded.size();
  out.reserve(out.size() + bytes);
  if (format == Format::kBatch) {
    RenderBatch(incarnation, begin, end, chunks, out);
    return;
  }
  if (format == Format::kText) {
    RenderText(incarnation, begin, end, chunks, out);
    return;
  }
  CursorLines cursors(incarnation, begin + 1);
  ForEachEntry(begin, end, chunks, [&](Position n, const Entry& entry) {
    if (entry.lost) AppendUpstreamGap(out, n, *entry.lost);
    out.append("data: ");
    AppendEntryJson(out, n, entry);
    out.push_back('\n');
    out.append(cursors.Line());
    cursors.Next();
  });
}

void SseRenderer::AppendStart(Coding coding, std::string& out) const {
  if (coding == Coding::kGzip) AppendGzipStart(out);
}

void SseRenderer::AppendPart(Coding coding, std::string_view plain, std::string& out) const {
  switch (coding) {
    case Coding::kIdentity:
      out.append(plain);
      break;
    case Coding::kGzip:
      AppendGzipPart(out, plain);
      break;
    case Coding::kZstd:
      AppendZstdFrame(out, plain);
      break;
  }
}

void SseRenderer::AppendEnd(Coding coding, const PlainSum& all, std::string& out) const {
  if (coding == Coding::kGzip) AppendGzipEnd(out, all);
}

PlainSum SseRenderer::Sum(std::string_view plain) const {
  return SumOf(plain);
}

PlainSum SseRenderer::Join(const PlainSum& first, const PlainSum& second) const {
  return JoinSums(first, second);
}

}  // namespace tailrace
