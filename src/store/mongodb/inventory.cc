#include <mongoc/mongoc.h>

#include <algorithm>

#include "store/mongodb/reader.h"

namespace tailrace::mongo {
namespace {

constexpr uint64_t kFirstBatch = 64;
constexpr uint64_t kMaxBatch = 1000;
/// What was committed within so much time may be one block: an entry outlives its age by that.
constexpr TimeNs kBlockTime = 10'000'000'000;

/// Entries put together into blocks.
class BlockMaker {
 public:
  BlockMaker(const LogState& log, uint64_t block_bytes,
             const std::function<bool(const BlockFacts&)>& visit)
      : log_(log), block_bytes_(block_bytes), visit_(visit), begin_bytes_(log.encoded_first) {}

  /// False: enough. `facts` is behind what came before.
  bool Add(const EntryFacts& facts) {
    const bool is_full = facts.encoded_end - begin_bytes_ > block_bytes_;
    if (has_block_ && (is_full || facts.stored - begin_time_ >= kBlockTime)) {
      block_.text_end = facts.text_offset;
      if (!visit_(block_)) return false;
      begin_bytes_ = block_.encoded_end;
      has_block_ = false;
    }
    if (!has_block_) {
      block_.begin = facts.position;
      begin_time_ = facts.stored;
    }
    has_block_ = true;
    block_.end = facts.position + 1;
    block_.encoded_end = facts.encoded_end;
    block_.time = facts.stored;
    return true;
  }

  void Finish() {
    if (!has_block_) return;
    block_.end = log_.info.position;
    block_.encoded_end = log_.encoded_end;
    block_.text_end = log_.text_end;
    static_cast<void>(visit_(block_));
  }

 private:
  const LogState& log_;
  const uint64_t block_bytes_;
  const std::function<bool(const BlockFacts&)>& visit_;
  uint64_t begin_bytes_;  // of the block, encoded
  TimeNs begin_time_ = 0;
  bool has_block_ = false;
  BlockFacts block_;
};

}  // namespace

Result<void> Inventory::ForEachLog(const std::function<void(const LogState&)>& visit) {
  const BsonHandle all(bson_new());
  const BsonHandle options(bson_new());
  return Link::Find(link_.state(), *all, *options, [&](const bson_t& bson) {
    // One that cannot be read is left alone.
    if (const auto log = ReadLog(bson)) visit(log->state);
    return true;
  });
}

Result<void> Inventory::ForEachBlock(const LogState& log,
                                     const std::function<bool(const BlockFacts&)>& visit) {
  const BsonHandle fields(BCON_NEW("position", BCON_INT32(1), "offset", BCON_INT32(1),
                                   "encoded_end", BCON_INT32(1), "stored", BCON_INT32(1)));
  BlockMaker maker(log, block_bytes_, visit);
  uint64_t batch = kFirstBatch;
  for (Position begin = log.info.first; begin < log.info.position;) {
    const Position end = std::min(log.info.position, begin + batch);
    std::vector<std::string> ids;
    for (; begin < end; ++begin) ids.push_back(EntryId(log.info.number, begin));
    bool enough = false;
    auto read = Link::FindIds(link_.entries(), ids, fields.get(), [&](const bson_t& bson) {
      const auto facts = ReadFacts(bson);
      enough = facts && !maker.Add(*facts);
      return !enough;
    });
    if (!read || enough) return read;
    batch = std::min(batch * 2, kMaxBatch);
  }
  maker.Finish();
  return {};
}

}  // namespace tailrace::mongo
