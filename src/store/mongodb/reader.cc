#include "store/mongodb/reader.h"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "store/list_filter.h"

namespace tailrace::mongo {
namespace {

/// What the chunks of a read are cut to, so that readers who began elsewhere soon ask for the same.
constexpr uint64_t kCellBytes = 16 << 10;
constexpr uint64_t kMaxBatch = 1000;
constexpr uint64_t kProbes = 15;
constexpr int kAttempts = 3;
constexpr auto kBetweenAttempts = std::chrono::milliseconds(30);
/// A list page that finds little does not run for ever.
constexpr int64_t kMaxListMs = 4'000;

std::unexpected<Error> NoSuchLog(const LogKey& key) {
  return Fail(ErrorCode::kNotFound, "there is no log " + key.Path());
}

std::vector<std::string> EntryIds(uint64_t number, Position begin, Position end) {
  std::vector<std::string> ids;
  ids.reserve(end - begin);
  for (Position position = begin; position < end; ++position) {
    ids.push_back(EntryId(number, position));
  }
  return ids;
}

/// How many entries are about so many bytes.
uint64_t EntriesFor(const LogState& state, uint64_t bytes) {
  const uint64_t entries = std::max<uint64_t>(state.info.position - state.info.first, 1);
  const uint64_t average = state.StoredBytes() / entries + 1;
  return std::clamp<uint64_t>(bytes / average + 1, 1, kMaxBatch);
}

}  // namespace

Reader::Reader(LinkPool& pool, uint64_t block_bytes)
    : pool_(pool), cell_bytes_(std::min(kCellBytes, block_bytes / 2 + 1)) {}

Result<LogInfo> Reader::Stat(const LogKey& key) {
  return pool_.Use<LogInfo>([&](Link& link) -> Result<LogInfo> {
    auto log = link.FindLog(key);
    if (!log) return Fail(log.error());
    if (!*log) return NoSuchLog(key);
    return std::move((*log)->state.info);
  });
}

Result<std::optional<Memo>> Reader::ReadMemo(const LogKey& key) {
  using Found = std::optional<Memo>;
  return pool_.Use<Found>([&](Link& link) -> Result<Found> {
    const auto log = link.FindLog(key);
    if (!log) return Fail(log.error());
    if (!*log) return NoSuchLog(key);
    Found memo;
    const auto found = Link::FindIds(link.counts(), {MemoId((*log)->state.info.number)}, nullptr,
                                     [&memo](const bson_t& bson) {
                                       memo = mongo::ReadMemo(bson);
                                       return false;
                                     });
    if (!found) return Fail(found.error());
    return memo;
  });
}

Result<ReadAnswer> Reader::Read(const LogKey& key, Position from, size_t max_bytes) {
  for (int attempt = 1;; ++attempt) {
    const bool is_last = attempt == kAttempts;
    auto answer = pool_.Use<ReadAnswer>(
        [&](Link& link) { return ReadOnce(link, key, from, max_bytes, is_last); });
    if (answer || answer.error().code != ErrorCode::kConflict) return answer;
    // Retention was at work between two queries, or another server has taken over that is a moment
    // behind.
    std::this_thread::sleep_for(kBetweenAttempts);
  }
}

Result<ReadAnswer> Reader::ReadOnce(Link& link, const LogKey& key, Position from, size_t max_bytes,
                                    bool tolerant) {
  const auto log = link.FindLog(key);
  if (!log) return Fail(log.error());
  if (!*log) return NoSuchLog(key);
  const LogState& state = (*log)->state;
  ReadAnswer answer{state.info, {}};
  if (from >= state.info.position) return answer;
  if (from < state.info.first) {
    answer.items.push_back({from, state.info.first, nullptr, GapCause::kRetention});
    from = state.info.first;
  }
  if (from == state.info.position) return answer;
  ChunkMaker maker(from, cell_bytes_);
  if (auto read = ReadBatches(link, state, max_bytes, maker); !read) return Fail(read.error());
  if (maker.gaps() > 0 && !tolerant) return Fail(ErrorCode::kConflict, "entries are missing");
  damaged_reads_ += maker.gaps();
  for (ReadItem& item : maker.TakeItems()) answer.items.push_back(std::move(item));
  return answer;
}

Result<void> Reader::ReadBatches(Link& link, const LogState& state, uint64_t max_bytes,
                                 ChunkMaker& maker) const {
  const Position head = state.info.position;
  // One cell more, because what is begun is read to its end.
  uint64_t batch = EntriesFor(state, max_bytes + cell_bytes_);
  while (maker.next() < head) {
    const Position begin = maker.next();
    const Position end = std::min(head, begin + batch);
    bool enough = false;
    auto read = Link::FindIds(link.entries(), EntryIds(state.info.number, begin, end), nullptr,
                              [&](const bson_t& bson) {
                                if (const auto stored = ReadEntry(bson)) maker.Add(*stored);
                                enough = maker.bytes() >= max_bytes && maker.AtBorder();
                                return !enough;
                              });
    if (!read) return read;
    if (enough) return {};
    const bool is_partial = maker.next() == end && end < head;
    if (!is_partial) {
      maker.Finish(end);
      if (maker.bytes() >= max_bytes) return {};
    }
    batch = EntriesFor(state, cell_bytes_);
  }
  maker.Finish(head);
  return {};
}

std::vector<ChunkPtr> Reader::ReadNew(Link& link, const LogState& state, Position from,
                                      uint64_t max_bytes) const {
  const Position head = state.info.position;
  from = std::max(from, state.info.first);
  if (from >= head || head - from > kMaxBatch) return {};
  ChunkMaker maker(from, cell_bytes_);
  if (!ReadBatches(link, state, max_bytes, maker) || maker.gaps() > 0 || maker.next() < head) {
    return {};
  }
  std::vector<ChunkPtr> chunks;
  for (const ReadItem& item : maker.TakeItems()) chunks.push_back(item.chunk);
  return chunks;
}

Result<Position> Reader::FindTextOffset(const LogKey& key, uint64_t offset) {
  return pool_.Use<Position>([&](Link& link) { return FindOnce(link, key, offset); });
}

// Entries know their offset: each query halves what is left several times.
Result<Position> Reader::FindOnce(Link& link, const LogKey& key, uint64_t offset) const {
  const auto log = link.FindLog(key);
  if (!log) return Fail(log.error());
  if (!*log) return NoSuchLog(key);
  const LogState& state = (*log)->state;
  if (offset < state.TextFirst()) return Position{0};
  if (offset >= state.text_end) return state.info.position;
  Position low = state.info.first;  // begins at the offset or before it
  Position high = state.info.position;
  const BsonHandle fields(BCON_NEW("position", BCON_INT32(1), "offset", BCON_INT32(1),
                                   "encoded_end", BCON_INT32(1), "stored", BCON_INT32(1)));
  while (high - low > 1) {
    std::vector<std::string> ids;
    const uint64_t step = std::max<uint64_t>((high - low) / (kProbes + 1), 1);
    for (Position probe = low + step; probe < high && ids.size() < kProbes; probe += step) {
      ids.push_back(EntryId(state.info.number, probe));
    }
    const Position low_before = low;
    const Position high_before = high;
    const auto read = Link::FindIds(link.entries(), ids, fields.get(), [&](const bson_t& bson) {
      const auto facts = ReadFacts(bson);
      if (!facts) return true;
      (facts->text_offset <= offset ? low : high) = facts->position;
      return low == facts->position;
    });
    if (!read) return Fail(read.error());
    if (low == low_before && high == high_before) break;  // these documents are gone
  }
  return low;
}

Result<ListAnswer> Reader::List(const ListQuery& query) {
  const auto start = ListStart(query);
  if (!start) return Fail(start.error());
  return pool_.Use<ListAnswer>([&](Link& link) -> Result<ListAnswer> {
    const int64_t below = *start > INT64_MAX ? INT64_MAX : static_cast<int64_t>(*start);
    const BsonHandle filter(BCON_NEW("number", "{", "$lt", BCON_INT64(below), "}"));
    bson_t& wanted = *filter;
    if (query.type) BSON_APPEND_UTF8(&wanted, "type", query.type->c_str());
    if (query.ended) {
      const BsonHandle exists(BCON_NEW("$exists", BCON_BOOL(*query.ended)));
      BSON_APPEND_DOCUMENT(&wanted, "outcome", exists.get());
    }
    const BsonHandle options(
        BCON_NEW("sort", "{", "number", BCON_INT32(-1), "}", "maxTimeMS", BCON_INT64(kMaxListMs)));
    ListAnswer answer;
    size_t looked_at = 0;
    uint64_t last = 0;
    const auto read = Link::Find(link.state(), *filter, *options, [&](const bson_t& bson) {
      if (answer.logs.size() == query.limit || looked_at == kMaxListScan) {
        answer.next = ListToken(last);
        return false;
      }
      ++looked_at;
      auto log = ReadLog(bson);
      if (!log) return true;
      last = log->state.info.number;
      if (MatchesQuery(query, log->state.info)) answer.logs.push_back(std::move(log->state.info));
      return true;
    });
    if (!read) return Fail(read.error());
    return answer;
  });
}

}  // namespace tailrace::mongo
