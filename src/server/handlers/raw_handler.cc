// GET …/raw: the texts as a download.
#include <algorithm>

#include "base/text.h"
#include "server/byte_range.h"
#include "server/entry_source.h"
#include "server/handlers/handlers.h"

namespace tailrace {
namespace {

struct RawQuery {
  LogKey key;
  std::optional<Position> from;
  std::optional<Position> to;
  bool timestamps = false;
  std::string range;  // header fields
  std::string if_range;

  bool Whole() const { return !from && !to && !timestamps; }
};

class RawSource final : public EntrySource {
 public:
  RawSource(LogStore& store, const LogInfo& info, Position begin, Position end, bool timestamps)
      : EntrySource(store, info, begin, end), timestamps_(timestamps) {}

  /// Gives only `bytes` bytes after `skip` bytes of what the entries make.
  void Limit(uint64_t skip, uint64_t bytes) {
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
    Cut(out, start);
  }

  // As long as what is lost, if that is known, so that all behind it keeps its place.
  void AddGap(std::string& out, const ReadItem& gap, std::optional<uint64_t> text_bytes) override {
    std::string line = "[entries " + std::to_string(gap.begin) + " to " +
                       std::to_string(gap.end - 1) +
                       " are lost: " + std::string(GapCauseName(gap.cause)) + "]";
    if (text_bytes) line.resize(*text_bytes == 0 ? 0 : *text_bytes - 1, ' ');
    const size_t start = out.size();
    out.append(line);
    if (!text_bytes || *text_bytes > 0) out.push_back('\n');
    Cut(out, start);
  }

  // Applies Limit to what was appended behind `start`.
  void Cut(std::string& out, size_t start) {
    const uint64_t skipped = std::min<uint64_t>(skip_, out.size() - start);
    out.erase(start, skipped);
    skip_ -= skipped;
    const uint64_t kept = std::min<uint64_t>(left_, out.size() - start);
    out.resize(start + kept);
    left_ -= kept;
  }

  bool timestamps_;
  uint64_t skip_ = 0;
  uint64_t left_ = UINT64_MAX;
};

std::string RawEtag(const LogInfo& info) {
  return "\"" + info.incarnation + "." + std::to_string(info.first) + "." +
         std::to_string(info.position) + "\"";
}

Answer RawAnswer(const RawQuery& query, const LogInfo& info, int status) {
  Answer answer = MakeAnswer(status, "text/plain; charset=utf-8", "");
  Headers& headers = answer.headers;
  headers.Add("Content-Disposition",
              "attachment; filename=\"" + info.key.type + "-" + info.key.id + ".log\"");
  headers.Add("Cache-Control", "no-cache");
  headers.Add("X-Content-Type-Options", "nosniff");
  if (query.Whole() && info.HasEnded()) {
    headers.Add("Accept-Ranges", "bytes");
    headers.Add("ETag", RawEtag(info));
  } else {
    headers.Add("Accept-Ranges", "none");
  }
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

Result<Answer> PartialAnswer(LogStore& store, const RawQuery& query, const LogInfo& info,
                             const ByteRange& range) {
  const Result<ReadAnswer> oldest = store.Read(info.key, info.first, 1);
  if (!oldest) return Fail(oldest.error());
  if (oldest->items.empty() || oldest->items.front().chunk == nullptr) {
    return Fail(ErrorCode::kCorrupt, "this part of the log is damaged");
  }
  const uint64_t text_base = oldest->items.front().chunk->text_offset;
  const auto found = FindByte(store, info, text_base, range.first);
  if (!found) return Fail(found.error());
  auto source = std::make_unique<RawSource>(store, info, found->first, info.position, false);
  source->Limit(found->second, range.Size());
  Answer answer = RawAnswer(query, info, 206);
  answer.headers.Add("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                          std::to_string(range.last) + "/" +
                                          std::to_string(info.bytes));
  answer.source = std::move(source);
  answer.source_bytes = range.Size();
  return answer;
}

Result<Answer> MakeRawAnswer(LogStore& store, const RawQuery& query) {
  const Result<LogInfo> info = store.Stat(query.key);
  if (!info) return Fail(info.error());
  const bool ranges = query.Whole() && info->HasEnded() && !query.range.empty() &&
                      (query.if_range.empty() || query.if_range == RawEtag(*info));
  if (ranges) {
    const RangeChoice choice = ChooseByteRange(query.range, info->bytes);
    if (choice.unsatisfiable) return RangeNotSatisfiable(info->bytes);
    if (choice.range) return PartialAnswer(store, query, *info, *choice.range);
  }
  const Position begin = std::clamp(query.from.value_or(0), info->first, info->position);
  const Position end = std::clamp(query.to.value_or(info->position), begin, info->position);
  Answer answer = RawAnswer(query, *info, 200);
  answer.source = std::make_unique<RawSource>(store, *info, begin, end, query.timestamps);
  if (query.Whole()) answer.source_bytes = info->bytes;
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
  query.range = call.head.headers.Find("Range").value_or("");
  query.if_range = call.head.headers.Find("If-Range").value_or("");
  return query;
}

}  // namespace

void HandleRaw(Call& call) {
  Result<RawQuery> query = ParseRawQuery(call);
  if (!query) {
    call.reply.Send(ProblemAnswer(query.error()));
    return;
  }
  call.worker.Read([&store = call.worker.store(),
                    query = std::move(*query)] { return MakeRawAnswer(store, query); },
                   [reply = call.reply](Result<Answer> answer) {
                     reply.Send(answer ? std::move(*answer) : ProblemAnswer(answer.error()));
                   });
}

}  // namespace tailrace
