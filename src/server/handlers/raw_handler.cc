// GET …/raw: the texts as a download.
#include <algorithm>

#include "base/text.h"
#include "server/byte_range.h"
#include "server/entry_source.h"
#include "server/handlers/handlers.h"

namespace tailrace {
namespace {

constexpr uint64_t kMaxGapTextBytes = 64 << 20;  // that is filled with blanks

struct Stored {
  LogStore& store;
  SegmentFiles* files;  // may be null
};

struct RawQuery {
  LogKey key;
  std::optional<Position> from;
  std::optional<Position> to;
  bool timestamps = false;
  Headers headers;
  std::string range;  // of GET only (RFC 9110 §14.2)
  ContentCoding coding = ContentCoding::kIdentity;

  bool Whole() const { return !from && !to && !timestamps; }
};

class RawSource final : public EntrySource {
 public:
  RawSource(const Stored& stored, const LogInfo& info, Position begin, Position end,
            bool timestamps)
      : EntrySource(stored.store, info, begin, end),
        files_(timestamps ? nullptr : stored.files),
        end_(end),
        timestamps_(timestamps) {}

  /// Gives `bytes` bytes, neither more nor less, after `skip` bytes of what the entries make.
  /// `text_offset`: EntrySource::SetTextOffset.
  void Limit(uint64_t text_offset, uint64_t skip, uint64_t bytes) {
    SetTextOffset(text_offset);
    skip_ = skip;
    left_ = bytes;
  }

 private:
  void Add(std::string& out, Position /*n*/, const Entry& entry) override {
    if (timestamps_) {
      AppendRfc3339(out, entry.time);
      out.push_back(' ');
    }
    const size_t start = out.size();
    out.append(entry.text).push_back('\n');
    const size_t bytes = out.size() - start;
    if (skip_ > 0 || bytes >= left_) return Cut(out, start);
    left_ -= bytes;
  }

  std::optional<Position> TakeKept(std::string& out, Position next) override {
    if (files_ == nullptr || skip_ > 0) return std::nullopt;
    const auto kept = files_->Find(info().number, SegmentKind::Raw(), next);
    if (kept == nullptr || kept->end > end_ || kept->bytes.size() > left_) return std::nullopt;
    left_ -= kept->bytes.size();
    if (left_ == 0) Stop();
    if (out.empty()) {
      out = std::move(kept->bytes);
    } else {
      out.append(kept->bytes);
    }
    return kept->end;
  }

  void KeepBlocks(Position begin, Position end, std::string_view output) override {
    if (files_ == nullptr || cut_ || !info().HasEnded()) return;
    files_->Keep(info().number, SegmentKind::Raw(), {.begin = begin, .end = end}, output);
  }

  // As long as what is lost, if that is known, so that all behind it keeps its place.
  Result<void> AddGap(std::string& out, const ReadItem& gap,
                      std::optional<uint64_t> text_bytes) override {
    if (!text_bytes && left_ < UINT64_MAX) text_bytes = skip_ + left_;  // the end is lost
    if (text_bytes.value_or(0) > kMaxGapTextBytes) {
      return Fail(ErrorCode::kCorrupt, "too much of the log was lost while it was read");
    }
    std::string line = LostText(gap.begin, gap.end, gap.cause);
    if (text_bytes) line.resize(*text_bytes == 0 ? 0 : *text_bytes - 1, ' ');
    const size_t start = out.size();
    out.append(line);
    if (!text_bytes || *text_bytes > 0) out.push_back('\n');
    Cut(out, start);
    return {};
  }

  // Applies Limit to what was appended behind `start`.
  void Cut(std::string& out, size_t start) {
    const uint64_t skipped = std::min<uint64_t>(skip_, out.size() - start);
    out.erase(start, skipped);
    skip_ -= skipped;
    const uint64_t kept = std::min<uint64_t>(left_, out.size() - start);
    cut_ |= skipped > 0 || start + kept < out.size();
    out.resize(start + kept);
    left_ -= kept;
    if (left_ == 0) Stop();
  }

  SegmentFiles* files_;
  Position end_;
  bool timestamps_;
  bool cut_ = false;  // what was made of some entry is not whole
  uint64_t skip_ = 0;
  uint64_t left_ = UINT64_MAX;
};

std::string RawEtag(const LogInfo& info) {
  return "\"" + info.incarnation + "." + std::to_string(info.first) + "." +
         std::to_string(info.position) + "\"";
}

Answer RawAnswer(const LogInfo& info, int status, bool has_ranges) {
  Answer answer = MakeAnswer(status, "text/plain; charset=utf-8", "");
  Headers& headers = answer.headers;
  headers.Add("Content-Disposition",
              "attachment; filename=\"" + info.key.type + "-" + info.key.id + ".log\"");
  headers.Add("Cache-Control", "no-cache");
  headers.Add("X-Content-Type-Options", "nosniff");
  if (has_ranges) {
    headers.Add("Accept-Ranges", "bytes");
    headers.Add("ETag", RawEtag(info));
  } else {
    headers.Add("Accept-Ranges", "none");
  }
  return answer;
}

// The client has the form that it would get now.
Answer NotModified(std::string_view etag) {
  Answer answer;
  answer.status = 304;
  answer.headers.Add("Cache-Control", "no-cache");
  answer.headers.Add("ETag", etag);
  return answer;
}

Answer RangeNotSatisfiable(uint64_t size) {
  Answer answer = ProblemAnswer(ProblemFrom(416, "the range lies behind the end of the log"));
  answer.headers.Add("Content-Range", "bytes */" + std::to_string(size));
  return answer;
}

// The block that holds byte `offset` of the download, and how far into it that byte is.
Result<std::pair<Position, uint64_t>> FindByte(LogStore& store, const LogInfo& info,
                                               uint64_t text_base, uint64_t offset) {
  const Result<Position> at = store.FindTextOffset(info.key, text_base + offset);
  if (!at) return Fail(at.error());
  const Result<ReadAnswer> answer = store.Read(info.key, *at, 1);
  if (!answer) return Fail(answer.error());
  if (answer->items.empty() || answer->items.front().chunk == nullptr) {
    return Fail(ErrorCode::kCorrupt, "this part of the log is damaged");
  }
  const Chunk& chunk = *answer->items.front().chunk;
  return std::pair{chunk.begin, text_base + offset - chunk.text_offset};
}

// The size of all before the download's first byte. Nothing: the oldest block can't be read, and
// nobody knows where in the text the next one begins.
Result<std::optional<uint64_t>> FindTextBase(LogStore& store, const LogInfo& info) {
  if (info.first == info.position) return 0;
  const Result<ReadAnswer> oldest = store.Read(info.key, info.first, 1);
  if (!oldest) return Fail(oldest.error());
  if (oldest->items.empty() || oldest->items.front().chunk == nullptr) return std::nullopt;
  return oldest->items.front().chunk->text_offset;
}

Result<Answer> PartialAnswer(const Stored& stored, const LogInfo& info, uint64_t text_base,
                             const ByteRange& range) {
  const auto found = FindByte(stored.store, info, text_base, range.first);
  if (!found) return Fail(found.error());
  const auto [position, skip] = *found;
  auto source = std::make_unique<RawSource>(stored, info, position, info.position, false);
  source->Limit(text_base + range.first - skip, skip, range.Size());
  Answer answer = RawAnswer(info, 206, true);
  answer.headers.Add("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                          std::to_string(range.last) + "/" +
                                          std::to_string(info.bytes));
  answer.about = std::make_shared<const LogInfo>(info);
  answer.source = std::move(source);
  answer.source_bytes = range.Size();
  return answer;
}

// Its length is told, and it has byte ranges once the log has ended.
Result<Answer> WholeAnswer(const Stored& stored, const RawQuery& query, const LogInfo& info) {
  const Result<std::optional<uint64_t>> text_base = FindTextBase(stored.store, info);
  if (!text_base) return Fail(text_base.error());
  const bool has_ranges = info.HasEnded() && text_base->has_value();
  const std::string etag = CodedEtag(RawEtag(info), CodingOfBody(query.coding, info.bytes));
  if (has_ranges && NoneMatchFits(query.headers, etag)) return NotModified(etag);
  const std::string_view if_range = query.headers.Find("If-Range").value_or("");
  if (has_ranges && (if_range.empty() || if_range == RawEtag(info))) {
    const RangeChoice choice = ChooseByteRange(query.range, info.bytes);
    if (choice.unsatisfiable) return RangeNotSatisfiable(info.bytes);
    if (choice.range) {
      Result<Answer> part = PartialAnswer(stored, info, **text_base, *choice.range);
      // Where a damaged block begins in the text is not known: then all of it is the answer.
      if (part || part.error().code != ErrorCode::kCorrupt) return part;
    }
  }
  Answer answer = RawAnswer(info, 200, has_ranges);
  auto source = std::make_unique<RawSource>(stored, info, info.first, info.position, false);
  if (text_base->has_value()) {
    source->Limit(**text_base, 0, info.bytes);
    answer.source_bytes = info.bytes;
  }
  answer.about = std::make_shared<const LogInfo>(info);
  answer.source = std::move(source);
  return answer;
}

Result<Answer> MakeRawAnswer(const Stored& stored, const RawQuery& query) {
  const Result<LogInfo> info = stored.store.Stat(query.key);
  if (!info) return Fail(info.error());
  if (query.Whole()) return WholeAnswer(stored, query, *info);
  const Position begin = std::clamp(query.from.value_or(0), info->first, info->position);
  const Position end = std::clamp(query.to.value_or(info->position), begin, info->position);
  Answer answer = RawAnswer(*info, 200, false);
  answer.about = std::make_shared<const LogInfo>(*info);
  answer.source = std::make_unique<RawSource>(stored, *info, begin, end, query.timestamps);
  return answer;
}

Result<RawQuery> ParseRawQuery(const Call& call) {
  RawQuery query{.key = call.key};
  const auto from = DecimalParameter(call.query, "from");
  if (!from) return Fail(from.error());
  const auto to = DecimalParameter(call.query, "to");
  if (!to) return Fail(to.error());
  const auto timestamps = FlagParameter(call.query, "timestamps");
  if (!timestamps) return Fail(timestamps.error());
  query.from = *from;
  query.to = *to;
  query.timestamps = timestamps->value_or(false);
  query.headers = call.head.headers;
  query.coding = PreferredCoding(call);
  if (call.head.method == Method::kGet) query.range = query.headers.Find("Range").value_or("");
  return query;
}

}  // namespace

void HandleRaw(Call& call) {
  Result<RawQuery> query = ParseRawQuery(call);
  if (!query) {
    call.reply.Send(ProblemAnswer(query.error()));
    return;
  }
  const Stored stored{call.worker.store(), call.worker.shared().segment_files};
  AnswerAboutLog(call, call.key,
                 [stored, query = std::move(*query)] { return MakeRawAnswer(stored, query); });
}

}  // namespace tailrace
